package mstc.cloud.worker.bootstrap.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
import mstc.cloud.worker.bootstrap.configuration.LoadedConfiguration;
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
  void theSamplesAreReadWithoutAWarning(String sample) {
    // given
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(Map.of()).withFile(FOLDER.resolve(sample));

    // when
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(sources);

    // then
    assertThat(loaded.warnings()).isEmpty();
  }

  @Test
  void theWholeSampleShowsEveryKeyAndWhatIsTurnedOffInItIsRight(@TempDir Path folder)
      throws IOException {
    // given
    for (String file :
        List.of(
            "rabbitmq-ca.pem",
            "minio-ca.pem",
            "s3-ca.pem",
            "kubeconfig",
            "http.pem",
            "http-key.pem")) {
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
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(sources);

    // then
    assertThat(loaded.warnings()).isEmpty();
    assertThat(loaded.report().entries())
        .allSatisfy(entry -> assertThat(entry.origin()).startsWith(file + ":"));
  }
}
