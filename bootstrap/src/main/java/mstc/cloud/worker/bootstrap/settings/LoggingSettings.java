package mstc.cloud.worker.bootstrap.settings;

import mstc.cloud.worker.bootstrap.logging.Logging;
import org.slf4j.event.Level;

/**
 * What is logged, and how it is written.
 *
 * @param level the least severe one that is logged
 */
public record LoggingSettings(Logging.Format format, Level level) {}
