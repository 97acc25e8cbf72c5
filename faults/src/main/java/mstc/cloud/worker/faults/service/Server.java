package mstc.cloud.worker.faults.service;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** A server in its own process, which can be killed and started again as it was. */
public final class Server implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(90);

  private final String name;
  private final ProcessBuilder builder;
  private final Callable<Boolean> ready;
  private @Nullable Process process;

  /**
   * @param output for the output, appended at each start
   * @param ready whether it serves; not if it throws
   */
  public Server(
      String name,
      Path output,
      List<String> command,
      Map<String, String> environment,
      Callable<Boolean> ready)
      throws IOException {
    this.name = name;
    this.ready = ready;
    Files.createDirectories(output.toAbsolutePath().getParent());
    builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
    builder.environment().putAll(environment);
  }

  /** Starts it, and waits until it serves. */
  public void start() throws IOException, InterruptedException {
    if (process != null && process.isAlive()) {
      throw new FaultsException(name + " runs already");
    }
    Process started = builder.start();
    process = started;
    Await.require(
        name,
        START,
        () -> {
          if (!started.isAlive()) {
            throw new FaultsException(name + " has ended with exit code " + started.exitValue());
          }
          return ready.call();
        });
  }

  /** Ends it and all its processes with SIGKILL. */
  public void kill() throws InterruptedException {
    Process running = process;
    if (running != null) {
      running.descendants().forEach(ProcessHandle::destroyForcibly);
      running.destroyForcibly().waitFor();
    }
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
