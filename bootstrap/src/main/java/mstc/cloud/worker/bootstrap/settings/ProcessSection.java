package mstc.cloud.worker.bootstrap.settings;

import static java.time.Duration.ZERO;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofSeconds;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.PATH;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.duration;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.oneOf;

import java.nio.file.Path;
import java.time.Duration;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationValues;
import mstc.cloud.worker.bootstrap.configuration.Key;
import mstc.cloud.worker.bootstrap.configuration.Section;
import mstc.cloud.worker.bootstrap.logging.Logging;
import org.slf4j.event.Level;

/** The keys right below {@code mstc}: what the process itself writes, and how it stops. */
public final class ProcessSection extends Section {
  private final Key<Path> scratchDir =
      key("mstc.scratch-dir", PATH)
          .withDerivedDefault("`mstc-cloud-worker` in the system's temporary folder")
          .readBeforeFrom("SCRATCH_DIR")
          .meaning("Where the worker keeps its own files; created if missing.");
  private final Key<Duration> shutdownGrace =
      key("mstc.shutdown.grace", duration(ZERO, ofHours(1)), ofSeconds(30))
          .meaning("How long a stop waits for what is in progress.");
  private final Key<Logging.Format> loggingFormat =
      key("mstc.logging.format", oneOf(Logging.Format.class), Logging.Format.TEXT)
          .meaning("How log lines are written.");
  private final Key<Level> loggingLevel =
      key("mstc.logging.level", oneOf(Level.class, Level::name), Level.INFO)
          .meaning("The least severe level that is logged.");

  /** Where the program keeps files that it can lose, absolute; not created yet. */
  public Path scratchFolder(ConfigurationValues values) {
    return values.valueOr(
        scratchDir,
        Path.of(System.getProperty("java.io.tmpdir"), "mstc-cloud-worker").toAbsolutePath());
  }

  /** How long a stop waits for what is in progress. */
  public Duration shutdownGrace(ConfigurationValues values) {
    return values.value(shutdownGrace);
  }

  /** What is logged, and how. */
  public LoggingSettings logging(ConfigurationValues values) {
    return new LoggingSettings(values.value(loggingFormat), values.value(loggingLevel));
  }
}
