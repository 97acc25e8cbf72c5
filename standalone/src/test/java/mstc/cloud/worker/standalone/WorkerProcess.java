package mstc.cloud.worker.standalone;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A worker in a process of its own, as its users start it; it can be killed and started again. */
final class WorkerProcess implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);

  private final HttpClient http = HttpClient.newHttpClient();
  private final Path output;
  private final List<String> command;
  private final Map<String, String> environment;
  private final int httpPort;
  private Process process;

  /**
   * @param output where the process writes to, appended at each start
   * @param jvmOptions such as {@code -Xmx128m}
   * @param arguments of the command line, without the HTTP port
   * @param environment further variables
   */
  WorkerProcess(
      Path output, List<String> jvmOptions, List<String> arguments, Map<String, String> environment)
      throws IOException {
    this.output = output;
    this.httpPort = FreePort.find();
    this.environment = Map.copyOf(environment);
    command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseSerialGC");
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(arguments);
    command.addAll(List.of("--set", "mstc.http.port=" + httpPort));
    process = launch();
  }

  private Process launch() throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
    builder.environment().keySet().removeIf(WorkerProcess::isConfiguration);
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** The services of the test's own environment are not those of the process under test. */
  private static boolean isConfiguration(String variable) {
    return variable.startsWith("MSTC_")
        || variable.startsWith("WORK_QUEUE_")
        || variable.startsWith("MINIO_")
        || variable.startsWith("AWS_");
  }

  /** Waits until the worker says that it is ready. */
  WorkerProcess awaitReady() {
    await()
        .atMost(START)
        .pollInterval(Duration.ofMillis(100))
        .failFast(this::requireAlive)
        .ignoreExceptions()
        .until(() -> get("/health/ready").statusCode() == 200);
    return this;
  }

  private void requireAlive() throws IOException {
    if (!process.isAlive()) {
      throw new AssertionError("the worker has ended: " + output());
    }
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return http.send(request(path).GET().build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> delete(String path) throws IOException, InterruptedException {
    return http.send(request(path).DELETE().build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
    return http.send(
        request(path).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + path));
  }

  /** What the process has written so far. */
  String output() throws IOException {
    return Files.readString(output);
  }

  /** The most memory that the process has held so far, where the system tells (Linux), else 0. */
  long peakMemoryMebibytes() throws IOException {
    Path status = Path.of("/proc/" + process.pid() + "/status");
    if (!Files.exists(status)) {
      return 0;
    }
    try (Stream<String> lines = Files.lines(status)) {
      return lines
              .filter(line -> line.startsWith("VmHWM:"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .findFirst()
              .orElse(0)
          / 1024;
    }
  }

  /** Ends the process with SIGKILL, so that it can do nothing about it. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Makes the process stand still, as a debugger or a paused machine does. */
  void pause() throws IOException, InterruptedException {
    signal("STOP");
  }

  /** Undoes {@link #pause}. */
  void resume() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws IOException, InterruptedException {
    int exit =
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    if (exit != 0) {
      throw new IOException("kill -" + name + " exited with " + exit);
    }
  }

  /** Asks the process to stop, as a service manager does. */
  void terminate() {
    process.destroy();
  }

  /** Asks the process to stop, and waits for its end. */
  void stop() throws InterruptedException {
    terminate();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("the worker did not stop within 60 s of SIGTERM");
    }
  }

  /** Waits until the process ends by itself, and returns its exit code. */
  int awaitExit() throws InterruptedException {
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new AssertionError("the worker did not end within 60 s");
    }
    return process.exitValue();
  }

  /** Starts the process again after its end. */
  void restart() throws IOException {
    process = launch();
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
