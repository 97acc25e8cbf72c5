package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.application.intake.ExecuteWork.Execution;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests of callers that wait in the worker's process. */
@Timeout(60)
class ExecuteWorkTest {
  private static final Optional<String> KEY = Optional.of("key");
  private static final Message SOLVE = Message.of("solve");
  private Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  private void open(int maxConcurrentJobs) {
    site.close();
    site = new Site(maxConcurrentJobs);
    open();
  }

  private void open() {
    site.start();
    site.awaitDemand();
  }

  /** A caller on a thread of its own; cancelling it interrupts the thread. */
  private FutureTask<Execution> execute(Message message, Optional<String> key) {
    FutureTask<Execution> task =
        new FutureTask<>(() -> site.worker.executeWork().execute(message.parsed(), key));
    Thread.ofVirtual().start(task);
    return task;
  }

  private void begin(Message message, Optional<String> key) {
    assertThat(execute(message, key)).isNotCancelled();
  }

  private static Execution result(FutureTask<Execution> task) throws Exception {
    return task.get(10, TimeUnit.SECONDS);
  }

  private static Reply reply(FutureTask<Execution> task) throws Exception {
    return ((Execution.Ended) result(task)).reply();
  }

  private void awaitFinds(int count) {
    Site.eventually().until(() -> site.calls.count(PortCall.FIND) >= count);
  }

  @Test
  void theCallerGetsTheReplyWhenTheJobHasEnded() throws Exception {
    // given
    open();
    FutureTask<Execution> caller = execute(SOLVE, Optional.empty());
    UniqueName job = site.awaitJob();

    // when
    site.runtime.end(job, new JobOutcome.Failed(3), "log");

    // then
    assertThat(reply(caller).result()).isEqualTo("Job " + job + " failed: exit code 3.");
    site.awaitNoUnanswered();
    assertThat(site.record(job).answer().map(Answer::reply)).contains(reply(caller));
  }

  @Test
  void aRequestWithoutKeyIsAlwaysANewJob() {
    // given
    open();

    // when
    begin(SOLVE, Optional.empty());
    begin(SOLVE, Optional.empty());

    // then
    assertThat(site.awaitJobs(2)).doesNotHaveDuplicates();
  }

  @Test
  void anInvalidOrUnreadableRequestIsToldWhatIsWrong() throws Exception {
    // given
    open();

    // when
    Execution invalid = result(execute(Message.ofBody("{}"), Optional.empty()));
    Execution unreadable = result(execute(Message.ofBody("no"), Optional.empty()));

    // then
    assertThat(((Execution.Invalid) invalid).reply().result()).contains("image is missing");
    assertThat(((Execution.Invalid) unreadable).reply().result()).contains("not JSON");
    assertThat(site.runtime.jobs()).isEmpty();
  }

  @Test
  void whatTheRuntimeRefusesHasEnded() throws Exception {
    // given
    open();
    site.runtime.refuse("never");

    // when
    Reply reply = reply(execute(SOLVE, Optional.empty()));

    // then
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.REJECTED);
  }

  @Test
  void aKeyOfAnotherRequestIsInvalid() throws Exception {
    // given
    open();
    begin(SOLVE, KEY);
    site.awaitJob();

    // when
    Execution other = result(execute(Message.of("mesh"), KEY));

    // then
    assertThat(((Execution.Invalid) other).reply().result()).contains("\"key\"");
  }

  @Test
  void thereIsNoRoomBeyondTheLimit() throws Exception {
    // given
    open(1);
    begin(SOLVE, Optional.empty());
    UniqueName job = site.awaitJob();

    // when
    Execution second = result(execute(SOLVE, Optional.empty()));

    // then
    assertThat(second).isInstanceOf(Execution.NoRoom.class);
    site.succeed(job);
    site.awaitNoUnanswered();
    site.awaitDemand();
    begin(SOLVE, Optional.empty());
    assertThat(site.awaitJob()).isNotEqualTo(job);
  }

  @Test
  void thereIsNoRoomDuringAnOutageOrBeforeTheStartOrAfterTheStop() throws Exception {
    // given
    Execution beforeTheStart = result(execute(SOLVE, Optional.empty()));
    open();
    site.worker.stop(Site.GRACE);

    // when
    Execution afterTheStop = result(execute(SOLVE, Optional.empty()));

    // then
    assertThat(beforeTheStart).isInstanceOf(Execution.NoRoom.class);
    assertThat(afterTheStop).isInstanceOf(Execution.NoRoom.class);
    assertThat(site.runtime.jobs()).isEmpty();
  }

  @Test
  void aKeyThatIsKnownNeedsNoRoom() throws Exception {
    // given
    open(1);
    FutureTask<Execution> first = execute(SOLVE, KEY);
    UniqueName job = site.awaitJob();
    site.awaitNoDemand();

    // when
    FutureTask<Execution> second = execute(SOLVE, KEY);
    awaitFinds(4);
    site.succeed(job);

    // then
    assertThat(reply(second)).isEqualTo(reply(first));
  }

  @Test
  void roomThatWasReservedIsGivenBackWhenTheRuntimeFails() throws Exception {
    // given
    open(1);
    for (int i = 0; i < 5; i++) {
      site.calls.before(
          PortCall.SUBMIT,
          () -> {
            throw JobRuntimeException.retryable("not now", null);
          });
      FutureTask<Execution> failing = execute(SOLVE, Optional.empty());
      assertThatThrownBy(() -> result(failing)).hasCauseInstanceOf(JobRuntimeException.class);
    }

    // when
    FutureTask<Execution> caller = execute(SOLVE, Optional.empty());

    // then
    site.succeed(site.awaitJob());
    assertThat(result(caller)).isInstanceOf(Execution.Ended.class);
    Site.eventually().until(() -> site.queue.demand() == 1);
  }

  @Test
  void aKeyThatComesTwiceAtOnceIsOneJobAndBothAreAnswered() throws Exception {
    // given
    open();
    FutureTask<Execution> first = execute(SOLVE, KEY);
    FutureTask<Execution> second = execute(SOLVE, KEY);
    UniqueName job = site.awaitJob();
    awaitFinds(4);

    // when
    site.succeed(job);

    // then
    assertThat(reply(first)).isEqualTo(reply(second));
    assertThat(site.runtime.jobs()).hasSize(1);
  }

  @Test
  void aCallerThatGivesUpLeavesTheJobRunningAndTheOtherCallerWaiting() throws Exception {
    // given
    open();
    FutureTask<Execution> first = execute(SOLVE, KEY);
    UniqueName job = site.awaitJob();
    awaitFinds(2);
    FutureTask<Execution> second = execute(SOLVE, KEY);
    awaitFinds(4);

    // when
    first.cancel(true);
    FutureTask<Execution> third = execute(SOLVE, KEY);
    awaitFinds(6);
    site.succeed(job);

    // then
    assertThat(reply(second).job()).contains(job);
    assertThat(reply(third)).isEqualTo(reply(second));
    site.awaitNoUnanswered();
    assertThat(site.runtime.jobs()).hasSize(1);
  }

  @Test
  void aCallerWhoseLookFailsForGoodLeavesTheOtherWaiting() throws Exception {
    // given
    open();
    FutureTask<Execution> first = execute(SOLVE, KEY);
    UniqueName job = site.awaitJob();
    awaitFinds(2);
    site.calls.before(PortCall.FIND, () -> {});
    site.calls.before(
        PortCall.FIND,
        () -> {
          throw JobRuntimeException.permanent("not allowed", null);
        });
    FutureTask<Execution> second = execute(SOLVE, KEY);
    assertThatThrownBy(() -> result(second)).isInstanceOf(ExecutionException.class);

    // when
    site.succeed(job);

    // then
    assertThat(reply(first).job()).contains(job);
  }

  @Test
  void aJobThatIsAnsweredBeforeAnyoneWaitsIsNotWaitedFor() throws Exception {
    // given
    open();
    site.calls.after(
        PortCall.SUBMIT,
        () -> {
          site.succeed(site.awaitJob());
          site.awaitNoUnanswered();
        });

    // when
    FutureTask<Execution> caller = execute(SOLVE, Optional.empty());

    // then
    assertThat(reply(caller).outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
  }

  @Test
  void aJobWhoseRecordIsGoneBeforeAnyoneWaitsIsAnsweredFromTheLogObject() throws Exception {
    // given
    open();
    site.calls.after(
        PortCall.SUBMIT,
        () -> {
          site.succeed(site.awaitJob());
          site.awaitNoUnanswered();
          site.clock.advance(Site.RETENTION.plusSeconds(1));
        });

    // when
    FutureTask<Execution> caller = execute(SOLVE, Optional.empty());

    // then
    assertThat(reply(caller).outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    assertThat(site.runtime.jobs()).isEmpty();
  }

  @Test
  void aRuntimeThatIsAwayOnceTheJobIsOnRecordDoesNotEndTheWait() throws Exception {
    // given
    open();
    site.calls.after(PortCall.SUBMIT, site.runtime::breakDown);
    FutureTask<Execution> caller = execute(SOLVE, Optional.empty());
    UniqueName job = site.awaitJob();
    awaitFinds(3);

    // when
    site.runtime.recover();
    site.succeed(job);

    // then
    assertThat(reply(caller).job()).contains(job);
  }

  @Test
  void aKeyOfAnAnsweredJobIsAnsweredAtOnce() throws Exception {
    // given
    open();
    FutureTask<Execution> first = execute(SOLVE, KEY);
    site.succeed(site.awaitJob());
    Reply reply = reply(first);
    site.awaitNoUnanswered();
    site.clock.advance(Site.RETENTION.plusSeconds(1));

    // when
    FutureTask<Execution> second = execute(SOLVE, KEY);

    // then
    assertThat(reply(second)).isEqualTo(reply);
    assertThat(site.runtime.jobs()).isEmpty();
  }

  @Test
  void aKeyIsTheMessageIdOfTheQueue() throws Exception {
    // given
    open();
    site.send(SOLVE.messageId("key").replyTo(Site.REPLIES));
    UniqueName job = site.awaitJob();

    // when
    FutureTask<Execution> caller = execute(SOLVE, KEY);
    awaitFinds(3);
    site.succeed(job);

    // then
    assertThat(reply(caller)).isEqualTo(site.awaitReply());
  }

  @Test
  void theAnswerOfAJobNobodyWaitsForIsHarmless() {
    // given
    open();
    UniqueName job = UniqueName.of(SOLVE.request().jobName(), UUID.randomUUID());
    Answer answer = new Answer(Reply.invalid("no"), Answer.Status.NONE, site.clock.instant());

    // when
    site.worker.executeWork().onAnswered(job, answer);

    // then
    assertThat(site.runtime.jobs()).isEmpty();
  }
}
