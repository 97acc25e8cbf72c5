package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StandaloneCommandTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"--broker-port, --store-port", "--store-port, --broker-port"})
  void aPortInUseIsToldInOneLineWithItsOption(String option, String other) throws Exception {
    // given
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        WorkerProcess process = start(option + "=" + taken.getLocalPort(), other + "=0")) {
      // when
      int code = process.awaitExit();

      // then
      assertThat(code).isEqualTo(1);
      assertThat(errors(process))
          .singleElement()
          .asString()
          .contains("127.0.0.1:" + taken.getLocalPort(), "in use", option);
    }
  }

  @Test
  void aPortThatCannotBeIsToldInOneLine() throws Exception {
    try (WorkerProcess process = start("--broker-port=70000", "--store-port=0")) {
      // when
      int code = process.awaitExit();

      // then
      assertThat(code).isEqualTo(1);
      assertThat(errors(process))
          .containsExactly("mstc: --broker-port must be from 0 to 65535, but is 70000");
    }
  }

  private WorkerProcess start(String first, String second) throws Exception {
    return new WorkerProcess(
        folder.resolve("output"),
        WorkerProcess.SHORT_LIVED,
        List.of("standalone", "--folder=" + folder.resolve("data"), first, second),
        Map.of());
  }

  /** What is neither the banner nor logged. */
  private static List<String> errors(WorkerProcess process) throws Exception {
    String output = process.output();
    assertThat(output).doesNotContain("\tat ");
    return output.lines().filter(line -> line.startsWith("mstc: ")).toList();
  }
}
