package mstc.cloud.worker.bootstrap.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
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
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSS,UTC}Z %-5level %logger{0} - %msg%n";

  private static final String STACK_TRACE = "%ex";

  /** The exceptions and their causes: libraries that try again and again trace each failure. */
  private static final String NO_STACK_TRACE = "%ex{0}";

  private static final String OWN_LOGGER = "mstc";

  /** It warns of a start that fails, which then is told in one line. */
  private static final String SPRING_LOGGER = "org.springframework.context";

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
   * @param ownLevel of the worker's own messages, such as INFO; libraries tell warnings only and
   *     without stack traces, unless the level is TRACE
   */
  public static void configure(Format format, Stream stream, String ownLevel) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    Level level = Level.toLevel(ownLevel, Level.INFO);
    boolean everything = level == Level.TRACE;
    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(everything ? Level.DEBUG : Level.WARN);
    root.addAppender(console(context, format, everything ? STACK_TRACE : NO_STACK_TRACE, stream));
    context.getLogger(SPRING_LOGGER).setLevel(everything ? Level.DEBUG : Level.ERROR);
    ch.qos.logback.classic.Logger own = context.getLogger(OWN_LOGGER);
    own.setLevel(level);
    own.setAdditive(false);
    own.addAppender(console(context, format, STACK_TRACE, stream));
  }

  private static Appender<ILoggingEvent> console(
      LoggerContext context, Format format, String exceptions, Stream stream) {
    Encoder<ILoggingEvent> encoder = encoder(format, exceptions);
    encoder.setContext(context);
    encoder.start();
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setTarget(stream.target);
    console.setEncoder(encoder);
    console.start();
    return console;
  }

  private static Encoder<ILoggingEvent> encoder(Format format, String exceptions) {
    return switch (format) {
      case TEXT -> {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setPattern(PATTERN + exceptions);
        yield encoder;
      }
      case JSON -> new JsonEncoder();
    };
  }
}
