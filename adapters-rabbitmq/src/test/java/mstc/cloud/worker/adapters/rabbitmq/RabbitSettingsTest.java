package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class RabbitSettingsTest {

  @Test
  void the_names_are_those_of_the_wire_contract() {
    // given
    RabbitSettings settings = RabbitSettings.of("broker", 5672, "user", "secret");

    // then
    assertThat(settings.names().exchange()).isEqualTo("mstc.exchange");
    assertThat(settings.names().queue()).isEqualTo("mstc.queue.work");
    assertThat(settings.names().deadQueue()).isEqualTo("mstc.queue.dead");
    assertThat(settings.tls().verifyHostname()).isTrue();
  }

  @Test
  void the_password_is_not_shown() {
    assertThat(RabbitSettings.of("broker", 5672, "user", "secret").toString())
        .contains("broker", "user", "***")
        .doesNotContain("secret");
  }

  @Test
  void a_port_out_of_bounds_is_refused() {
    assertThatThrownBy(() -> RabbitSettings.of("broker", 70_000, "user", "secret"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("70000");
  }

  @Test
  void reconnect_bounds_the_wrong_way_round_are_refused() {
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
  void a_dead_letter_queue_that_is_the_work_queue_is_refused() {
    assertThatThrownBy(() -> new RabbitSettings.Names("exchange", "same", "same"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("same");
  }
}
