package mstc.cloud.worker.bootstrap.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ConfigurationKeysTest {
  @Test
  void the_documentation_has_the_keys_that_the_worker_reads() throws IOException {
    // when
    String documentation = Files.readString(Path.of("../docs/configuration.md"));

    // then
    assertThat(documentation)
        .as("docs/configuration.md must end with the output of ./mstc config --keys")
        .endsWith(ConfigurationKeys.toMarkdown());
  }
}
