package mstc.cloud.worker.bootstrap.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleConfigurationTest {
  private static final Path FOLDER =
      Path.of(System.getProperty("basedir", ".")).resolve("../config");
  private static final Pattern TURNED_OFF = Pattern.compile("(?m)^( *)#(?=\\S)");

  @ParameterizedTest
  @ValueSource(strings = {"worker.yaml", "worker-local.yaml", "worker-s3.yaml"})
  void the_samples_are_read_without_a_warning(String sample) {
    // given
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(Map.of()).withFile(FOLDER.resolve(sample));

    // when
    LoadedConfiguration loaded = ConfigurationReader.read(sources);

    // then
    assertThat(loaded.warnings()).isEmpty();
  }

  @Test
  void the_whole_sample_shows_every_key_and_what_is_turned_off_in_it_is_right(@TempDir Path folder)
      throws IOException {
    // given
    for (String file : List.of("rabbitmq-ca.pem", "minio-ca.pem", "s3-ca.pem", "kubeconfig")) {
      Files.createFile(folder.resolve(file));
    }
    String everything =
        TURNED_OFF
            .matcher(Files.readString(FOLDER.resolve("worker.yaml")))
            .replaceAll("$1")
            .replace("certificates/", folder + "/");
    Path file = Files.writeString(folder.resolve("worker.yaml"), everything);
    ConfigurationSources sources = ConfigurationSources.ofEnvironment(Map.of()).withFile(file);

    // when
    LoadedConfiguration loaded = ConfigurationReader.read(sources);

    // then
    assertThat(loaded.warnings()).isEmpty();
    assertThat(loaded.report().entries())
        .allSatisfy(entry -> assertThat(entry.origin()).startsWith(file + ":"));
  }
}
