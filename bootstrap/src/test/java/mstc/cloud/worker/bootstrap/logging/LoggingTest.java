package mstc.cloud.worker.bootstrap.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LoggingTest {
  @Test
  void whatALibraryQuotesOfOthersStaysOnItsLineAndIsPrintable() {
    // given
    LoggerContext context = new LoggerContext();
    Encoder<ILoggingEvent> encoder = Logging.encoder(Logging.Format.TEXT, "");
    encoder.setContext(context);
    encoder.start();
    LoggingEvent event =
        new LoggingEvent(
            "",
            context.getLogger("org.example.Parser"),
            Level.WARN,
            "bad header, {}: é{}",
            null,
            new Object[] {"\u001b[31m\r\nforged", "\u009b\u0085\u2028\u2029\u202e"});

    // when
    String line = new String(encoder.encode(event), StandardCharsets.UTF_8);

    // then
    assertThat(line)
        .endsWith(" WARN  Parser - bad header, ?[31m??forged: é?????" + System.lineSeparator());
  }
}
