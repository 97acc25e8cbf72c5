package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.ShutdownSignalException;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is known of a failure that the broker has told. */
class BrokerFailureTest {
  private static BrokerFailure closing(String text) {
    var close =
        new AMQP.Channel.Close.Builder()
            .replyCode(AMQP.PRECONDITION_FAILED)
            .replyText("PRECONDITION_FAILED - " + text)
            .build();
    return BrokerFailure.of(
        new ExecutionException(new ShutdownSignalException(false, false, close, null)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "message size 361 is larger than configured max size 300",
        "message size 361 is larger than max size 300"
      })
  void aMessageThatWasTooLargeTellsWhatIsAllowed(String text) {
    // when
    BrokerFailure failure = closing(text);

    // then
    assertThat(failure.maxMessageBytes()).isEqualTo(OptionalInt.of(300));
    assertThat(failure.reason()).isEqualTo("406 PRECONDITION_FAILED - " + text);
  }

  @Test
  void anotherFailureTellsNoSuchThing() {
    assertThat(closing("inequivalent arg 'max-length' 300 for queue 'a'").maxMessageBytes())
        .isEmpty();
  }
}
