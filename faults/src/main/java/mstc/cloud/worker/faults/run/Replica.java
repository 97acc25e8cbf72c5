package mstc.cloud.worker.faults.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import mstc.cloud.worker.faults.history.Event.Misbehaved;
import mstc.cloud.worker.faults.history.Event.ProcessSeen;
import mstc.cloud.worker.faults.history.HistoryFile;
import mstc.cloud.worker.faults.service.WorkerProcess;

/** A replica of the worker, with its own disk. When it does what it should not, that is noted. */
final class Replica implements AutoCloseable {
  private static final int LONGEST_STOP_SECONDS = 60;
  private static final Duration SETTLED = Duration.ofSeconds(30);
  private static final Duration PROBE = Duration.ofSeconds(3);

  private final int number;
  private final ScratchDisk scratch;
  private final Path temporaryFiles;
  private final WorkerProcess worker;
  private final HistoryFile history;
  private Instant started = Instant.MAX;
  private AtomicBoolean mayEnd = new AtomicBoolean();

  /**
   * Starts it; it may not be ready yet.
   *
   * @param folder of its own
   * @param scratch for its own files
   * @param application the folder with the application's jars
   * @param environment where its services are
   */
  Replica(
      int number,
      Path folder,
      ScratchDisk scratch,
      Path application,
      Map<String, String> environment,
      HistoryFile history)
      throws IOException {
    this.number = number;
    this.history = history;
    this.scratch = scratch;
    temporaryFiles = Files.createDirectories(folder.resolve("tmp"));
    Map<String, String> all = new HashMap<>(environment);
    all.put("SCRATCH_DIR", scratch.folder().toString());
    worker =
        new WorkerProcess(
            folder.resolve("output"),
            application + "/*",
            List.of("-Xmx256m", "-XX:-UsePerfData", "-Djava.io.tmpdir=" + temporaryFiles),
            List.of("worker"),
            all);
    watch();
  }

  /** Starts it again after it has ended; it may not be ready yet. */
  synchronized void restart() throws IOException {
    worker.restart();
    watch();
  }

  private void watch() {
    Process process = worker.process();
    AtomicBoolean mayEndNow = new AtomicBoolean();
    mayEnd = mayEndNow;
    started = Instant.now();
    Thread.ofVirtual()
        .start(() -> {
          try {
            int code = process.waitFor();
            if (!mayEndNow.get()) {
              misbehaved("its process ended by itself with exit code " + code);
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private void misbehaved(String words) {
    history.note(new Misbehaved(Instant.now(), number, words));
  }

  void awaitReady() throws InterruptedException {
    worker.awaitReady();
  }

  synchronized void kill() throws InterruptedException {
    mayEnd.set(true);
    worker.kill();
  }

  /** Asks it to stop; does not wait. */
  synchronized void terminate() {
    mayEnd.set(true);
    worker.terminate();
  }

  /** Waits for its end after it was asked to stop. */
  synchronized void awaitEnd() throws InterruptedException {
    if (!worker.process().waitFor(LONGEST_STOP_SECONDS, TimeUnit.SECONDS)) {
      misbehaved("it did not end within %d s of SIGTERM".formatted(LONGEST_STOP_SECONDS));
      worker.kill();
    }
  }

  /** Pauses its process. */
  synchronized void pause() throws IOException, InterruptedException {
    worker.pause();
  }

  /** Resumes its process. */
  synchronized void resume() throws IOException, InterruptedException {
    worker.resume();
  }

  ScratchDisk scratch() {
    return scratch;
  }

  /** Its temporary files. */
  List<Path> temporaryFiles() throws IOException {
    try (Stream<Path> paths = Files.walk(temporaryFiles)) {
      return paths.filter(Files::isRegularFile).toList();
    }
  }

  /** A call of its HTTP API. */
  HttpResponse<String> call(
      String method, String path, String body, Duration timeout, String... headers)
      throws IOException, InterruptedException {
    return worker.call(method, path, body, timeout, headers);
  }

  /** What its process uses; empty if it is young, is paused, or the system does not tell. */
  Optional<ProcessSeen> measure() throws InterruptedException {
    Process running;
    synchronized (this) {
      running = worker.process();
      if (Instant.now().isBefore(started.plus(SETTLED))) {
        return Optional.empty();
      }
    }
    Path proc = Path.of("/proc", Long.toString(running.pid()));
    try (Stream<Path> descriptors = Files.list(proc.resolve("fd"))) {
      String metrics = call("GET", "/metrics", "", PROBE).body();
      int count = (int) descriptors.count();
      return ProcessFigures.threads(Files.readString(proc.resolve("status")))
          .flatMap(threadCount ->
              ProcessFigures.oldGenerationKibibytes(metrics)
                  .map(heap ->
                      new ProcessSeen(
                          Instant.now(), number, running.pid(), threadCount, count, heap)));
    } catch (IOException | UncheckedIOException e) {
      // It died meanwhile, is paused, or this is not Linux.
      return Optional.empty();
    }
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
