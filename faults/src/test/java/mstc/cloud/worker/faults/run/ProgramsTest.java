package mstc.cloud.worker.faults.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import mstc.cloud.worker.faults.service.FaultsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run needs is found, or everything that is missing is named at once. */
class ProgramsTest {
  @TempDir Path first;
  @TempDir Path second;

  private static Path program(Path folder, String name) throws IOException {
    Path file = Files.createFile(folder.resolve(name));
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  private Map<String, String> environment() {
    return Map.of("PATH", first + File.pathSeparator + second, "KUBECONFIG", "anything");
  }

  @Test
  void programsAreFoundOnThePath() throws IOException {
    // given
    program(first, "rabbitmq-server");
    Path minio = program(second, "minio");
    Path toxiproxy = program(first, "toxiproxy-server");

    // when
    Programs programs = Programs.find(environment());

    // then
    assertThat(programs.minio()).isEqualTo(minio);
    assertThat(programs.toxiproxy()).isEqualTo(toxiproxy);
    assertThat(programs.rabbitmq()).hasFileName("rabbitmq-server");
  }

  @Test
  void everythingThatIsMissingIsNamed() throws IOException {
    program(first, "rabbitmq-server");

    assertThatThrownBy(() -> Programs.find(Map.of("PATH", first.toString())))
        .isInstanceOf(FaultsException.class)
        .hasMessageContainingAll("minio", "toxiproxy-server", "KUBECONFIG")
        .hasMessageNotContaining("rabbitmq");
  }
}
