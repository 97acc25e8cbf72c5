package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class RabbitSettingsTest {

  @Test
  void theNamesAreThoseOfTheWireContract() {
    // given
    RabbitSettings settings = RabbitSettings.of("broker", 5672, "user", "secret");

    // then
    assertThat(settings.names().exchange()).isEqualTo("mstc.exchange");
    assertThat(settings.names().queue()).isEqualTo("mstc.queue.work");
    assertThat(settings.names().deadQueue()).isEqualTo("mstc.queue.dead");
    assertThat(settings.tls().verifyHostname()).isTrue();
  }

  @Test
  void thePasswordIsNotShown() {
    assertThat(RabbitSettings.of("broker", 5672, "user", "secret").toString())
        .contains("broker", "user", "***")
        .doesNotContain("secret");
  }

  @Test
  void aPortOutOfBoundsIsRefused() {
    assertThatThrownBy(() -> RabbitSettings.of("broker", 70_000, "user", "secret"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("70000");
  }

  @Test
  void reconnectBoundsTheWrongWayRoundAreRefused() {
    assertThatThrownBy(() ->
            new RabbitSettings.Timing(
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                Duration.ofSeconds(9),
                Duration.ofSeconds(8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("firstReconnect");
  }

  @Test
  void aDeadLetterQueueThatIsTheWorkQueueIsRefused() {
    assertThatThrownBy(() -> new RabbitSettings.Names("exchange", "same", "same"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("same");
  }
}
