package mstc.cloud.worker.examples.render;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import mstc.cloud.worker.adapters.local.LocalJobRuntime;
import mstc.cloud.worker.adapters.local.LocalSettings;
import mstc.cloud.worker.application.VirtualThreads;
import mstc.cloud.worker.application.Worker;
import mstc.cloud.worker.application.WorkerSettings;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.request.RequestPolicy;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.embedded.EmbeddedObjectStore;
import mstc.cloud.worker.embedded.ObjectStoreSettings;
import mstc.cloud.worker.wire.ReplyJson;

/** Assembles the worker from a queue and a format of its own, and existing adapters. */
public final class RenderWorker implements AutoCloseable {
  private final WorkQueue queue;
  private final JobRuntime runtime;
  private final ObjectStore store;
  private final Worker worker;

  /** Starts to work with these ports, whatever implements them. */
  RenderWorker(WorkQueue queue, JobRuntime runtime, ObjectStore store) {
    this.queue = queue;
    this.runtime = runtime;
    this.store = store;
    WorkerSettings settings =
        WorkerSettings.of(2, 1000, RequestPolicy.OPEN, Duration.ofMinutes(1), Duration.ofHours(1));
    worker = new Worker(queue, runtime, store, new ReplyJson(), settings, Clock.systemUTC());
    worker.start();
  }

  /** Stops; unfinished work is done after the next start. */
  @Override
  public void close() {
    worker.stop(Duration.ofSeconds(10));
    queue.close();
    runtime.close();
    store.close();
  }

  /**
   * @param folder workers may share it
   * @param own this worker's own folder, on the same file system
   */
  static WorkQueue queue(Path folder, Path own) {
    return new FolderWorkQueue(folder, own.resolve("claims"), new FrameFormat()::read);
  }

  /** On this machine a program of these classes stands in for the image. */
  static JobRuntime localRuntime(Path own, Map<String, String> environment) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = System.getProperty("java.class.path");
    LocalSettings.CatalogueEntry renderer =
        new LocalSettings.CatalogueEntry(
            FrameRequest.RENDERER.value(), List.of(java, "-cp", classes, Renderer.class.getName()));
    return new LocalJobRuntime(
        new LocalSettings(own.resolve("jobs"), List.of(renderer), environment), new FrameFormat());
  }

  /** Works until it is terminated, on the folder in the first argument, with its own store. */
  public static void main(String[] arguments) {
    VirtualThreads.provideCarriers();
    Path folder = Path.of(arguments[0]).toAbsolutePath();
    Path own = folder.resolve("worker");
    EmbeddedObjectStore server =
        EmbeddedObjectStore.start(ObjectStoreSettings.in(own.resolve("store")));
    Map<String, String> environment =
        Map.of(
            "AWS_ENDPOINT_URL", server.endpoint().toString(),
            "AWS_ACCESS_KEY_ID", "minioadmin",
            "AWS_SECRET_ACCESS_KEY", "minioadmin");
    RenderWorker worker =
        new RenderWorker(
            queue(folder, own), localRuntime(own, environment), RenderStore.open(environment));
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              worker.close();
              server.close();
            }));
  }
}
