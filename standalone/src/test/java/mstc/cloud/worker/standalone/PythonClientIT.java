package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.faults.service.FreePort;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Python client's own tests, unmodified, against a standalone worker. */
class PythonClientIT {
  private static final Path PROJECT =
      Path.of("..", "src", "test", "python", "mstc-cloud-worker").toAbsolutePath().normalize();

  @ParameterizedTest
  @ValueSource(strings = {"minio", "s3"})
  void theClientsTestsPass(String store, @TempDir Path folder) throws Exception {
    assumeTrue(
        run(folder, Map.of(), "-c", "import pika, minio, pytest") == 0,
        "needs python3 with the packages pika, minio and pytest");
    int brokerPort = FreePort.find();
    int storePort = FreePort.find();
    WorkerProcess worker =
        new WorkerProcess(
            folder.resolve("worker.log"),
            List.of("-Xmx128m"),
            List.of(
                "standalone",
                "--folder=" + folder.resolve("data"),
                "--broker-port=" + brokerPort,
                "--store-port=" + storePort,
                "--set=mstc.object-store.type=" + store),
            Map.of());
    try (worker) {
      worker.awaitReady();

      // when
      int exitCode =
          run(
              folder,
              Map.of(
                  "WORK_QUEUE_HOST",
                  "127.0.0.1",
                  "WORK_QUEUE_PORT",
                  Integer.toString(brokerPort),
                  "WORK_QUEUE_USER",
                  EmbeddedServices.USER,
                  "WORK_QUEUE_PASS",
                  EmbeddedServices.PASSWORD,
                  "MINIO_SERVICE_HOST",
                  "127.0.0.1",
                  "MINIO_SERVICE_PORT",
                  Integer.toString(storePort),
                  "MINIO_ROOT_USER",
                  EmbeddedServices.ACCESS_KEY,
                  "MINIO_ROOT_PASSWORD",
                  EmbeddedServices.SECRET_KEY,
                  "MSTC_TEST_IMAGE",
                  BuiltInCatalogue.PYTHON_TEST_IMAGE,
                  "PYTHONPATH",
                  PROJECT.resolve("src").toString()),
              "-m",
              "pytest",
              "-q",
              "-p",
              "no:cacheprovider",
              "-rs",
              PROJECT.resolve("tests/test_worker.py").toString(),
              PROJECT.resolve("tests/test_wire_contract.py").toString());

      // then
      assertThat(exitCode).as(Files.readString(folder.resolve("python.log"))).isZero();
      assertThat(folder.resolve("python.log")).content().contains(" passed");
    }
  }

  private static int run(Path folder, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("python3").redirectErrorStream(true);
    builder.command().addAll(List.of(arguments));
    builder.redirectOutput(ProcessBuilder.Redirect.to(folder.resolve("python.log").toFile()));
    builder.directory(PROJECT.toFile());
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      if (!process.waitFor(5, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new AssertionError("python3 did not end within 5 minutes");
      }
      return process.exitValue();
    } catch (IOException e) {
      // No python3 on this machine.
      return -1;
    }
  }
}
