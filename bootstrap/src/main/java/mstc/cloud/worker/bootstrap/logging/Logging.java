package mstc.cloud.worker.bootstrap.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets up logback for a program that writes to its console: readable lines, or one JSON object per
 * line. Done in code, as it depends on the worker's own configuration and the start must be quick.
 */
public final class Logging {

  /** What must not reach the log or a terminal, as messages of libraries quote what others sent. */
  private static final String UNPRINTABLE = "[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]";

  private static final String PATTERN =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSS,UTC}Z %-5level %logger{0} - %replace(%msg){'"
          + UNPRINTABLE
          + "', '?'}%n";

  private static final String STACK_TRACE = "%ex";

  /** Exceptions and their causes: libraries that retry forever would trace each failure. */
  private static final String NO_STACK_TRACE = "%ex{0}";

  private static final String OWN_LOGGER = "mstc";

  /** Of Jetty, which warns of every bad Host with the very text that a client sent. */
  private static final List<String> HOST_LOGGERS =
      List.of("org.eclipse.jetty.util.HostPort", "org.eclipse.jetty.http.HttpParser");

  /** It warns of a start that fails, which is then reported in one line anyway. */
  private static final String SPRING_LOGGER = "org.springframework.context";

  /**
   * Libraries that log the messages they exchange: headers with signatures, tokens and passwords,
   * and requests with the values of jobs' variables. They only log warnings at every level.
   */
  private static final List<String> TALKING_LOGGERS =
      List.of(
          "org.apache.hc.client5.http",
          "org.apache.hc.core5.http",
          "software.amazon.awssdk.auth",
          "software.amazon.awssdk.core",
          "software.amazon.awssdk.http",
          "software.amazon.awssdk.request",
          "io.fabric8.kubernetes.client.http",
          "org.apache.qpid",
          "org.eclipse.jetty",
          "org.gaul");

  private Logging() {}

  /** How lines look. */
  public enum Format {
    /** For people. */
    TEXT,
    /** For log collectors: one object per line. */
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
   * Logs that way from now on.
   *
   * @param ownLevel of the worker's own messages, such as INFO; libraries only log warnings,
   *     without stack traces, unless the level is TRACE, and those that log what they send only
   *     warnings even then
   */
  public static void configure(Format format, Stream stream, String ownLevel) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    Level level = Level.toLevel(ownLevel, Level.INFO);
    boolean everything = level == Level.TRACE;
    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(everything ? Level.DEBUG : Level.WARN);
    root.addAppender(console(context, format, everything ? STACK_TRACE : NO_STACK_TRACE, stream));
    TALKING_LOGGERS.forEach(name -> context.getLogger(name).setLevel(Level.WARN));
    context.getLogger(SPRING_LOGGER).setLevel(everything ? Level.DEBUG : Level.ERROR);
    HOST_LOGGERS.forEach(
        name -> context.getLogger(name).setLevel(everything ? Level.DEBUG : Level.ERROR));
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

  static Encoder<ILoggingEvent> encoder(Format format, String exceptions) {
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
