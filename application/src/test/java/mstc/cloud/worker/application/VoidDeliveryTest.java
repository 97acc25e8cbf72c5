package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A worker loses the broker with a message in hand, which is given to it, or another, again. */
class VoidDeliveryTest {
  private static final Message KEYED =
      Message.of("solve").messageId("key").correlationId("mine").replyTo(Site.REPLIES);
  private static final Message CORRELATED =
      Message.of("solve").correlationId("mine").replyTo(Site.REPLIES);

  private final Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  private static Stream<Message> messages() {
    return Stream.of(KEYED, CORRELATED, CORRELATED.again());
  }

  private int creates() {
    return site.calls.count(PortCall.SUBMIT) + site.calls.count(PortCall.HOLD);
  }

  private void awaitOneRun() {
    site.succeed(site.awaitJob());
    site.awaitNoUnanswered();
    site.awaitHandled(2);
    assertThat(site.records.runs()).hasSize(1);
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void whatIsVoidBeforeTheCreateCreatesNothing(Message message) {
    // given
    site.start();
    site.calls.after(PortCall.STAT, site.broker::cutConnections);

    // when
    site.send(message);

    // then
    awaitOneRun();
    assertThat(creates()).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void whatIsVoidAfterACreateThatFailedIsNotCreatedAgain(Message message) {
    // given
    site.start();
    site.calls.before(
        message.messageId().isPresent() ? PortCall.HOLD : PortCall.SUBMIT,
        () -> {
          site.broker.cutConnections();
          throw JobRuntimeException.retryable("away", null);
        });

    // when
    site.send(message);

    // then
    awaitOneRun();
    assertThat(creates()).isEqualTo(2);
  }

  @Test
  void anAnswerThatIsKnownAtOnceIsNotSentForWhatIsVoid() {
    // given
    site.start();
    site.send(KEYED);
    site.succeed(site.awaitJob());
    site.awaitNoUnanswered();
    site.awaitUnsettled(0);
    site.broker.declareReplyQueue("others");
    site.calls.after(PortCall.ADD_REPLY_ADDRESS, site.broker::cutConnections);

    // when
    site.send(KEYED.replyTo("others"));

    // then
    site.awaitReplies("others", 1);
    site.awaitHandled(3);
    assertThat(site.replies("others")).hasSize(1);
  }
}
