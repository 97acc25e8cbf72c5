package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyQueueRuleTest {
  private static final RabbitSettings.Names NAMES = RabbitSettings.Names.DEFAULT;

  @ParameterizedTest
  @CsvSource({
    "mstc.queue.work, is the work queue",
    "mstc.queue.dead, is the dead-letter queue",
    "amq.rabbitmq.reply-to, is a name of the broker's own",
    "amq.rabbitmq.log, is a name of the broker's own",
    "amq.direct, is a name of the broker's own",
  })
  void aQueueThatIsNotTheClientsIsRefused(String queue, String why) {
    assertThat(ReplyQueueRule.violation(queue, NAMES))
        .hasValueSatisfying(reason ->
            assertThat(reason).startsWith("Invalid request: reply_to").contains(queue, why));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "replies",
        "amqp",
        "amq.gen-X3b2",
        "amq.rabbitmq.reply-to.g1h2",
        "mstc.queue.work.replies",
        "mstc.exchange"
      })
  void aQueueOfTheClientIsNot(String queue) {
    assertThat(ReplyQueueRule.violation(queue, NAMES)).isEmpty();
  }

  @Test
  void theNamesAreThoseThatAreConfigured() {
    var names = new RabbitSettings.Names("e", "work", "dead");

    assertThat(ReplyQueueRule.violation("work", names)).isPresent();
    assertThat(ReplyQueueRule.violation("mstc.queue.work", names)).isEmpty();
  }
}
