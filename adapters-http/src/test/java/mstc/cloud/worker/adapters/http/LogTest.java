package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What clients send must not forge lines of the log, nor reach the terminal that shows it. */
@Timeout(60)
@Isolated
class LogTest {
  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          lines.add(event.getFormattedMessage());
        }
      };

  @BeforeEach
  void record() {
    root.setLevel(Level.INFO);
    appender.start();
    root.addAppender(appender);
  }

  @AfterEach
  void stop() {
    root.detachAppender(appender);
    root.setLevel(Level.WARN);
  }

  @Test
  void noControlCharacterOfAClientReachesTheLog() throws IOException {
    try (Api api = new Api()) {
      // given
      api.runtime.breakDown();
      String escape = "%1b[31m%0d%0aHTTP failed %c2%9b31m";

      // when
      HttpResponse<String> failed =
          api.send(api.execute(Api.REQUEST).header("Idempotency-Key", "k\u009b31m"));
      String cancelled =
          api.raw("DELETE /mstc/jobs/" + escape + " HTTP/1.1\nHost: localhost\n", "");
      String refused = api.raw("GET /\u001b[31m HTTP/1.1\nHost: localhost\nX\u001b: \u001b\n", "");

      // then
      assertThat(failed.statusCode()).isEqualTo(500);
      assertThat(cancelled).startsWith("HTTP/1.1 4");
      assertThat(refused).startsWith("HTTP/1.1 400 ");
      assertThat(lines)
          .anyMatch(line -> line.contains("failed"))
          .noneMatch(line -> line.chars().anyMatch(Character::isISOControl));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1\r\n", "ffffffffffffffff\r\nx", "no size\r\n"})
  void aBodyThatIsNoneIs400AndNoLine(String chunk) throws IOException {
    try (Api api = new Api();
        Intruder intruder = Intruder.of(api)) {
      // when
      intruder.send(
          "POST /mstc/worker/execute HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\n"
              + chunk.replace("\r", ""));

      // then
      Api.eventually().until(intruder::isCut);
      assertThat(intruder.received()).startsWith("HTTP/1.1 400 ");
      assertThat(lines).noneMatch(line -> line.contains("writeError") || line.contains("EOF"));
    }
  }
}
