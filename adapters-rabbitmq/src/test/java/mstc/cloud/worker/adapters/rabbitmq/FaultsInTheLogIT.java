package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.testkit.queue.BrokerSide.SentRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** What is told in the log of what goes wrong, once. */
@Isolated("of what is told by others")
final class FaultsInTheLogIT extends BrokerFaults {
  @Test
  void aRefusedLoginIsToldOnceAndShowsNoPassword() {
    // given
    RabbitSettings settings = broker.settings();
    RabbitSettings wrong =
        RabbitSettings.of(settings.host(), settings.port(), settings.user(), "wrong-secret")
            .withTiming(settings.timing())
            .withNames(settings.names());
    try (RecordedLog log = new RecordedLog()) {

      // when
      RabbitWorkQueue queue = opened(wrong, ACKNOWLEDGING);

      // then after several attempts
      await()
          .until(
              () -> log.at(Level.DEBUG).stream().filter(FaultsInTheLogIT::isAttempt).count() >= 3);
      assertThat(queue.isConnected()).isFalse();
      assertThat(log.at(Level.ERROR))
          .singleElement()
          .asString()
          .contains("refuses", settings.user(), "login refused");
      assertThat(log.everything()).doesNotContain("wrong-secret");
      assertThat(wrong.toString()).doesNotContain("wrong-secret");
    }
  }

  private static boolean isAttempt(String line) {
    return line.startsWith("Connecting failed");
  }

  @Test
  void aFailingHandlerIsToldOncePerFailure() {
    // given
    BlockingQueue<Delivery> handled = new LinkedBlockingQueue<>();
    try (RecordedLog log = new RecordedLog()) {
      connected(
              (delivery, _) -> {
                handled.add(delivery);
                if (handled.size() == 1) {
                  throw new IllegalStateException("part of the test");
                }
                return new Disposition.Acknowledge();
              })
          .demand(1);

      // when
      broker.publish(
          new SentRequest(
              Optional.of("job"), Optional.empty(), Optional.of("c\n1"), Optional.empty()));

      // then
      await().until(() -> handled.size() == 2);
      assertThat(log.at(Level.ERROR)).singleElement().asString().contains("\\u000a1");
    }
  }

  @Test
  void tlsRefusesAnUnknownAuthority(@TempDir Path folder) throws Exception {
    // given
    TestAuthority authority = TestAuthority.create(folder.resolve("one"), "localhost");
    TestAuthority other = TestAuthority.create(folder.resolve("other"), "localhost");
    try (FaultyProxy tls = tlsProxy(authority);
        RecordedLog log = new RecordedLog()) {

      // when
      RabbitWorkQueue queue = opened(tlsSettings(tls, other.pem(), true), ACKNOWLEDGING);

      // then
      await().until(() -> !log.at(Level.ERROR).isEmpty());
      assertThat(log.at(Level.ERROR)).singleElement().asString().contains("TLS failed");
      assertThat(queue.isConnected()).isFalse();
    }
  }

  @Test
  void tlsRefusesACertificateOfAnotherHostUnlessToldOtherwise(@TempDir Path folder)
      throws Exception {
    // given
    TestAuthority authority = TestAuthority.create(folder, "elsewhere.example");
    try (FaultyProxy tls = tlsProxy(authority);
        RecordedLog log = new RecordedLog()) {

      // when
      RabbitWorkQueue strict = opened(tlsSettings(tls, authority.pem(), true), ACKNOWLEDGING);
      RabbitWorkQueue lenient = opened(tlsSettings(tls, authority.pem(), false), ACKNOWLEDGING);

      // then
      await().until(lenient::isConnected);
      await().until(() -> !log.at(Level.ERROR).isEmpty());
      assertThat(strict.isConnected()).isFalse();
    }
  }
}
