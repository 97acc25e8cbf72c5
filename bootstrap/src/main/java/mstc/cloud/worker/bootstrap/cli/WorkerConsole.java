package mstc.cloud.worker.bootstrap.cli;

import java.util.concurrent.CountDownLatch;
import mstc.cloud.worker.bootstrap.banner.Banner;
import mstc.cloud.worker.bootstrap.configuration.LoadedConfiguration;
import mstc.cloud.worker.bootstrap.logging.Logging;
import mstc.cloud.worker.bootstrap.settings.LoggingSettings;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import org.slf4j.LoggerFactory;

/** What a worker in the foreground shows, and how it is stopped. */
public final class WorkerConsole {
  private WorkerConsole() {}

  /** Sets up logging, shows the banner to people, and logs the configuration's warnings. */
  public static void open(LoadedConfiguration<WorkerConfiguration> loaded) {
    LoggingSettings settings = loaded.configuration().logging();
    Logging.configure(settings.format(), Logging.Stream.OUT, settings.level().name());
    if (settings.format() == Logging.Format.TEXT) {
      System.out.print(Banner.text());
    }
    loaded.warnings().forEach(LoggerFactory.getLogger(WorkerConsole.class)::warn);
  }

  /**
   * Waits for a signal to stop (SIGTERM, Ctrl-C), then closes in the given order before the process
   * ends. Does not return.
   */
  public static void untilStopped(AutoCloseable... running) throws InterruptedException {
    Runtime.getRuntime()
        .addShutdownHook(Thread.ofPlatform().name("stop").unstarted(() -> close(running)));
    new CountDownLatch(1).await();
  }

  private static void close(AutoCloseable... running) {
    for (AutoCloseable closeable : running) {
      try {
        closeable.close();
      } catch (Exception e) {
        LoggerFactory.getLogger(WorkerConsole.class).error("Not stopped cleanly", e);
      }
    }
  }
}
