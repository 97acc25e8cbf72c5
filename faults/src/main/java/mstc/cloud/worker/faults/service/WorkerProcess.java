package mstc.cloud.worker.faults.service;

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

/** A worker in its own process, started as its users do; it can be killed, restarted and paused. */
public final class WorkerProcess implements AutoCloseable {
  /** Options of a process that ends within seconds, which the second compiler would only delay. */
  public static final List<String> SHORT_LIVED = List.of("-XX:TieredStopAtLevel=1");

  private static final String MAIN = "mstc.cloud.worker.standalone.Main";
  private static final Duration START = Duration.ofSeconds(90);
  private static final Duration CALL = Duration.ofMinutes(10);
  private static final int LONGEST_STOP_SECONDS = 60;

  private final HttpClient http = HttpClient.newHttpClient();
  private final Path output;
  private final List<String> command = new ArrayList<>();
  private final Map<String, String> environment;
  private final int httpPort;
  private Process process;

  /**
   * Starts a worker of this process's own class path.
   *
   * @param output for the output of the process, appended at each start
   * @param jvmOptions such as {@code -Xmx128m}
   * @param arguments of the command line, without the HTTP port
   * @param environment further variables
   */
  public WorkerProcess(
      Path output, List<String> jvmOptions, List<String> arguments, Map<String, String> environment)
      throws IOException {
    this(output, jvmOptions, arguments, environment, FreePort.find());
  }

  /** Starts a worker whose HTTP API is to listen on a port, otherwise as above. */
  public WorkerProcess(
      Path output,
      List<String> jvmOptions,
      List<String> arguments,
      Map<String, String> environment,
      int httpPort)
      throws IOException {
    this(
        output,
        System.getProperty("java.class.path"),
        jvmOptions,
        arguments,
        environment,
        httpPort);
  }

  /** Starts a worker with a class path, otherwise as above. */
  public WorkerProcess(
      Path output,
      String classPath,
      List<String> jvmOptions,
      List<String> arguments,
      Map<String, String> environment)
      throws IOException {
    this(output, classPath, jvmOptions, arguments, environment, FreePort.find());
  }

  private WorkerProcess(
      Path output,
      String classPath,
      List<String> jvmOptions,
      List<String> arguments,
      Map<String, String> environment,
      int httpPort)
      throws IOException {
    this.httpPort = httpPort;
    this.output = output;
    this.environment = Map.copyOf(environment);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseSerialGC");
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", classPath, MAIN));
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

  /** The services of the test's own environment are not for the process under test. */
  private static boolean isConfiguration(String variable) {
    return variable.startsWith("MSTC_")
        || variable.startsWith("WORK_QUEUE_")
        || variable.startsWith("MINIO_")
        || variable.startsWith("AWS_");
  }

  /** Waits until the worker reports that it is ready. */
  public WorkerProcess awaitReady() throws InterruptedException {
    return awaitHealth("/health/ready");
  }

  /** Waits until the worker reports that it is live, whether or not its services are. */
  public WorkerProcess awaitLive() throws InterruptedException {
    return awaitHealth("/health/live");
  }

  private WorkerProcess awaitHealth(String path) throws InterruptedException {
    Await.require(
        "the worker",
        START,
        () -> {
          if (!process.isAlive()) {
            throw new FaultsException("the worker has ended: " + output());
          }
          return get(path).statusCode() == 200;
        });
    return this;
  }

  /** A call of its HTTP API. */
  public HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return call("GET", path, "", CALL);
  }

  /** A call of its HTTP API. */
  public HttpResponse<String> delete(String path) throws IOException, InterruptedException {
    return call("DELETE", path, "", CALL);
  }

  /** A call of its HTTP API. */
  public HttpResponse<String> post(String path, String body)
      throws IOException, InterruptedException {
    return call("POST", path, body, CALL);
  }

  /**
   * A call of its HTTP API.
   *
   * @param headers names and values in turn
   */
  public HttpResponse<String> call(
      String method, String path, String body, Duration timeout, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + path))
            .timeout(timeout)
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** What the process has written so far. */
  public String output() throws IOException {
    return Files.readString(output);
  }

  /** The most memory that the process has used so far, if the system tells (Linux), else 0. */
  public long peakMemoryMebibytes() throws IOException {
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
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Asks the process to stop, as a service manager does. */
  public void terminate() {
    process.destroy();
  }

  /** Asks the process to stop, and waits for its end. */
  public void stop() throws InterruptedException {
    terminate();
    if (!process.waitFor(LONGEST_STOP_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new FaultsException("the worker did not stop within 60 s of SIGTERM");
    }
  }

  /** Waits until the process ends by itself, and returns its exit code. */
  public int awaitExit() throws InterruptedException {
    if (!process.waitFor(LONGEST_STOP_SECONDS, TimeUnit.SECONDS)) {
      throw new FaultsException("the worker did not end within 60 s");
    }
    return process.exitValue();
  }

  /** Pauses the process, as on a machine that is paused. */
  public void pause() throws IOException, InterruptedException {
    signal("-STOP");
  }

  /** Resumes a paused process. */
  public void resume() throws IOException, InterruptedException {
    signal("-CONT");
  }

  private void signal(String signal) throws IOException, InterruptedException {
    new ProcessBuilder("kill", signal, Long.toString(process.pid())).start().waitFor();
  }

  /** The current process; a different one after a restart. */
  public Process process() {
    return process;
  }

  /** Starts the process again after it has ended. */
  public void restart() throws IOException {
    process = launch();
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
