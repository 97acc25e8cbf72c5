package mstc.cloud.worker.bootstrap.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.LocalSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleConfigurationTest {
  private static final Path SAMPLE =
      Path.of(System.getProperty("basedir", ".")).resolve("../config/worker.yaml");
  private static final Pattern TURNED_OFF = Pattern.compile("(?m)^( *)#(?=\\S)");

  @Test
  void the_sample_is_read_without_a_warning() {
    // given
    ConfigurationSources sources = ConfigurationSources.ofEnvironment(Map.of()).withFile(SAMPLE);

    // when
    LoadedConfiguration loaded = ConfigurationReader.read(sources);

    // then
    assertThat(loaded.warnings()).isEmpty();
    assertThat(((LocalSettings) loaded.configuration().runtime()).catalogue()).hasSize(2);
  }

  @Test
  void the_sample_shows_every_key_and_what_is_turned_off_in_it_is_right(@TempDir Path folder)
      throws IOException {
    // given
    for (String authority : List.of("rabbitmq", "minio", "s3")) {
      Files.createFile(folder.resolve(authority + "-ca.pem"));
    }
    String everything =
        TURNED_OFF
            .matcher(Files.readString(SAMPLE))
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
