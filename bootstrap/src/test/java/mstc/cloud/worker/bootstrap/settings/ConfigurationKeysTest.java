package mstc.cloud.worker.bootstrap.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationKeys;
import org.junit.jupiter.api.Test;

class ConfigurationKeysTest {
  @Test
  void theDocumentationHasTheKeysThatTheWorkerReads() throws IOException {
    // when
    String documentation = Files.readString(Path.of("../docs/configuration.md"));

    // then
    assertThat(documentation)
        .as("docs/configuration.md must end with the output of ./mstc config --keys")
        .endsWith(ConfigurationKeys.toMarkdown(new WorkerTree()));
  }
}
