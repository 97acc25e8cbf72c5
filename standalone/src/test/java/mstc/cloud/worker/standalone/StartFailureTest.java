package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What keeps a command from starting is told in one line that names what to change. */
@Execution(ExecutionMode.CONCURRENT)
class StartFailureTest {
  private static final String LOCAL = "--set=mstc.runtime.type=local";
  private static final String NO_HTTP = "--set=mstc.http.enabled=false";

  @TempDir private Path folder;

  /**
   * A start that fails.
   *
   * @param arguments with {@code FILE} for a file of a single line, where a folder or another kind
   *     of file is wanted, and {@code HERE} for the folder of the test
   * @param words what the line says
   */
  record Failure(String name, List<String> arguments, List<String> words) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Failure> failures() {
    List<String> submit =
        List.of("submit", "--image=mstc/python-test", "--input-bucket=first", "--wait=0");
    return Stream.of(
        failure(
            "an HTTP host that is not known",
            List.of("worker", LOCAL, "--set=mstc.http.host=no-such-host.invalid"),
            "no such host",
            "mstc.http.host"),
        failure(
            "an HTTP host of another machine",
            List.of("worker", LOCAL, "--set=mstc.http.host=203.0.113.7"),
            "203.0.113.7",
            "mstc.http.host"),
        failure(
            "a scratch folder that is a file, for jobs here",
            List.of("worker", LOCAL, NO_HTTP, "--set=mstc.scratch-dir=FILE"),
            "FILE",
            "mstc.scratch-dir"),
        failure(
            "a scratch folder that is a file, for logs",
            List.of("worker", NO_HTTP, "--set=mstc.scratch-dir=FILE"),
            "FILE",
            "mstc.scratch-dir"),
        failure(
            "a jobs' folder that is a file",
            List.of("worker", LOCAL, NO_HTTP, "--set=mstc.runtime.local.folder=FILE"),
            "FILE is no folder",
            "mstc.runtime.local.folder"),
        failure(
            "a kubeconfig that is none",
            List.of(
                "worker",
                NO_HTTP,
                "--set=mstc.scratch-dir=HERE",
                "--set=mstc.runtime.kubernetes.kubeconfig=FILE"),
            "the kubeconfig FILE cannot be used",
            "mstc.runtime.kubernetes.kubeconfig"),
        failure(
            "a YAML file that is none",
            List.of("worker", "--config=FILE"),
            "FILE:1",
            "a colon and a blank"),
        failure(
            "an authority for the store that is none",
            List.of(
                "worker",
                LOCAL,
                NO_HTTP,
                "--set=mstc.scratch-dir=HERE",
                "--set=mstc.object-store.minio.tls.enabled=true",
                "--set=mstc.object-store.minio.tls.ca-certificate=FILE"),
            "FILE",
            "mstc.object-store.minio.tls.ca-certificate"),
        failure(
            "a submission with an authority that is none",
            plus(
                submit,
                "--set=mstc.object-store.minio.tls.enabled=true",
                "--set=mstc.object-store.minio.tls.ca-certificate=FILE"),
            "FILE",
            "mstc.object-store.minio.tls.ca-certificate"),
        failure(
            "a submission of a file that is not there",
            plus(submit, "--input=HERE/none"),
            "there is no file HERE/none"),
        failure(
            "a folder of the standalone worker that is a file",
            List.of("standalone", "--folder=FILE", "--broker-port=0", "--store-port=0"),
            "FILE",
            "it is a file",
            "--folder"));
  }

  private static Failure failure(String name, List<String> arguments, String... words) {
    return new Failure(name, arguments, List.of(words));
  }

  private static List<String> plus(List<String> words, String... more) {
    return Stream.concat(words.stream(), Stream.of(more)).toList();
  }

  @ParameterizedTest
  @MethodSource("failures")
  void aStartThatFailsIsToldInOneLineThatNamesWhatToChange(Failure failure) throws Exception {
    // given
    Path file = Files.writeString(folder.resolve("file"), "hello\n");

    try (WorkerProcess process = start(filledIn(failure.arguments(), file))) {
      // when
      int code = process.awaitExit();

      // then
      assertThat(code).isPositive();
      assertThat(told(process)).contains(filledIn(failure.words(), file).toArray(String[]::new));
    }
  }

  private List<String> filledIn(List<String> words, Path file) {
    return words.stream()
        .map(word -> word.replace("FILE", file.toString()).replace("HERE", folder.toString()))
        .toList();
  }

  @Test
  void anHttpPortInUseIsToldWithItsSetting() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        WorkerProcess process =
            new WorkerProcess(
                folder.resolve("output"),
                WorkerProcess.SHORT_LIVED,
                List.of("worker", LOCAL, "--set=mstc.scratch-dir=" + folder),
                Map.of("MSTC_HTTP_HOST", "127.0.0.1"),
                taken.getLocalPort())) {
      // when
      int code = process.awaitExit();

      // then
      assertThat(code).isEqualTo(1);
      assertThat(told(process))
          .contains("127.0.0.1:" + taken.getLocalPort(), "in use", "mstc.http.port");
    }
  }

  @Test
  void aClusterThatNothingTellsOfIsToldWithItsSettings() throws Exception {
    try (WorkerProcess process =
        new WorkerProcess(
            folder.resolve("output"),
            WorkerProcess.SHORT_LIVED,
            List.of("worker", NO_HTTP, "--set=mstc.scratch-dir=" + folder),
            Map.of("KUBECONFIG", folder.resolve("none").toString()))) {
      // when
      int code = process.awaitExit();

      // then
      assertThat(code).isEqualTo(1);
      assertThat(told(process))
          .contains(
              folder.resolve("none").toString(),
              "mstc.runtime.kubernetes.kubeconfig",
              "KUBECONFIG");
    }
  }

  @Test
  void aFolderInUseIsToldWithItsOption() throws Exception {
    List<String> arguments =
        List.of(
            "standalone",
            "--folder=" + folder.resolve("data"),
            "--broker-port=0",
            "--store-port=0");
    try (WorkerProcess first =
        new WorkerProcess(
            folder.resolve("first"), WorkerProcess.SHORT_LIVED, arguments, Map.of())) {
      // given
      first.awaitReady();

      try (WorkerProcess second = start(arguments)) {
        // when
        int code = second.awaitExit();

        // then
        assertThat(code).isEqualTo(1);
        assertThat(told(second)).contains(folder.resolve("data").toString(), "--folder");
      }
    }
  }

  @Test
  void aScratchFolderInUseIsToldWithItsSetting() throws Exception {
    List<String> arguments = List.of("worker", LOCAL, "--set=mstc.scratch-dir=" + folder);
    try (WorkerProcess first =
        new WorkerProcess(
            folder.resolve("first"), WorkerProcess.SHORT_LIVED, arguments, Map.of())) {
      // given
      first.awaitLive();

      try (WorkerProcess second = start(arguments)) {
        // when
        int code = second.awaitExit();

        // then
        assertThat(code).isEqualTo(1);
        assertThat(told(second)).contains("in use by another worker", "mstc.scratch-dir");
      }
    }
  }

  private WorkerProcess start(List<String> arguments) throws Exception {
    return new WorkerProcess(
        folder.resolve("output"), WorkerProcess.SHORT_LIVED, arguments, Map.of());
  }

  /** The one line of the program; there is neither a stack trace nor a warning of a library. */
  private static String told(WorkerProcess process) throws Exception {
    String output = process.output();
    assertThat(output).doesNotContain("\tat ", "Exception");
    List<String> lines = output.lines().filter(line -> line.startsWith("mstc: ")).toList();
    assertThat(lines).as(output).hasSize(1);
    return lines.getFirst();
  }
}
