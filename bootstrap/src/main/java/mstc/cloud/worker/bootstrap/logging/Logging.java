package mstc.cloud.worker.bootstrap.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets up logback for a program that writes to its console: readable lines, or one JSON object a
 * line. Done in code, because it follows the worker's own configuration and start must be quick.
 */
public final class Logging {

  private static final String PATTERN =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSS,UTC}Z %-5level %logger{0} - %msg%n%ex";

  private static final String OWN_LOGGER = "mstc";

  private Logging() {}

  /** How lines look. */
  public enum Format {
    /** For people. */
    TEXT,
    /** For log collectors: one object a line. */
    JSON
  }

  /** Where lines go. */
  public enum Stream {
    /** Standard output: what a program that only logs should use. */
    OUT("System.out"),
    /** Standard error: for programs whose output is a result. */
    ERR("System.err");

    private final String target;

    Stream(String target) {
      this.target = target;
    }
  }

  /**
   * Logs from now on in that way.
   *
   * @param level of the worker's own messages, such as INFO; libraries tell warnings only, unless
   *     the level is TRACE
   */
  public static void configure(Format format, Stream stream, String level) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    Encoder<ILoggingEvent> encoder = encoder(format);
    encoder.setContext(context);
    encoder.start();
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setTarget(stream.target);
    console.setEncoder(encoder);
    console.start();
    Level own = Level.toLevel(level, Level.INFO);
    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(own == Level.TRACE ? Level.DEBUG : Level.WARN);
    root.addAppender(console);
    context.getLogger(OWN_LOGGER).setLevel(own);
  }

  private static Encoder<ILoggingEvent> encoder(Format format) {
    return switch (format) {
      case TEXT -> {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setPattern(PATTERN);
        yield encoder;
      }
      case JSON -> new JsonEncoder();
    };
  }
}
