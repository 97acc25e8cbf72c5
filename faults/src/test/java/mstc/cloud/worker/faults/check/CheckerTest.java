package mstc.cloud.worker.faults.check;

import static mstc.cloud.worker.faults.check.ReplyFixture.failure;
import static mstc.cloud.worker.faults.check.ReplyFixture.rejection;
import static mstc.cloud.worker.faults.check.ReplyFixture.reply;
import static mstc.cloud.worker.faults.check.ReplyFixture.success;
import static mstc.cloud.worker.faults.check.RequestFixture.LOG_BYTES;
import static mstc.cloud.worker.faults.check.RequestFixture.request;
import static mstc.cloud.worker.faults.check.RunFixture.correctRun;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.faults.check.Violation.Rule;
import mstc.cloud.worker.faults.history.Event.Meddling;
import mstc.cloud.worker.faults.history.Event.Part;
import mstc.cloud.worker.faults.history.Event.Place;
import mstc.cloud.worker.faults.history.FaultKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A correct history has no violations, and whatever spoils one is found, alone and by its name. */
class CheckerTest {
  private static final Part WHOLE = new Part(LOG_BYTES, LOG_BYTES);

  @Test
  void aCorrectRunHasNoViolations() {
    assertThat(Checker.check(correctRun().history())).isEmpty();
  }

  static Stream<Arguments> spoilt() {
    return Stream.of(
            Stream.of(
                spoilt(
                    "a second Job for one id",
                    Rule.RUN_ONCE,
                    "bad",
                    request("bad")
                        .withId("bad")
                        .sent()
                        .ran("first", 0, 10)
                        .ran(0)
                        .answered(success())
                        .sent()
                        .answered(success())
                        .storedWhole()),
                spoilt(
                    "a second Job for one message",
                    Rule.RUN_ONCE,
                    "bad",
                    request("bad")
                        .sent()
                        .ran("first", 0, 10)
                        .ran(0)
                        .answered(success())
                        .storedWhole()),
                spoilt(
                    "an invalid request that runs",
                    Rule.INVALID_IS_NOT_RUN,
                    "bad",
                    request("bad").thatIsInvalid().sent().ran(0).answered(rejection())),
                spoilt(
                    "no answer",
                    Rule.EVERY_SEND_IS_ANSWERED,
                    "bad/1",
                    request("bad").sent().ran(0).storedWhole()),
                spoilt(
                    "no answer to what is sent again",
                    Rule.EVERY_SEND_IS_ANSWERED,
                    "bad/2",
                    request("bad")
                        .withId("bad")
                        .sent()
                        .ran(0)
                        .answered(success())
                        .sent()
                        .storedWhole()),
                spoilt(
                    "no answer to a rejection",
                    Rule.EVERY_SEND_IS_ANSWERED,
                    "bad/1",
                    request("bad").thatIsInvalid().sent()),
                spoilt(
                    "an answer that is none",
                    Rule.REPLIES_CAN_BE_READ,
                    "bad/1",
                    request("bad").sent().ran(0).answeredWithText("{}").storedWhole()),
                spoilt(
                    "different answers to what was sent twice",
                    Rule.ANSWERS_ARE_EQUAL,
                    "bad/2",
                    request("bad")
                        .withId("bad")
                        .sent()
                        .ran(0)
                        .answered(success())
                        .sent()
                        .answered(success().warning("other words"))
                        .storedWhole()),
                spoilt(
                    "two answers and no fault",
                    Rule.REPEATED_ONLY_UNDER_FAULTS,
                    "bad/1",
                    request("bad")
                        .sent()
                        .ran(0)
                        .answered(success())
                        .answered(success())
                        .storedWhole())),
            Stream.of(
                spoilt(
                    "a success that failed",
                    Rule.OUTCOME_IS_WHAT_HAPPENED,
                    "bad/1",
                    request("bad")
                        .thatFailsWith(3)
                        .sent()
                        .ran(3)
                        .answered(success())
                        .storedWhole()),
                spoilt(
                    "a failure that succeeded",
                    Rule.OUTCOME_IS_WHAT_HAPPENED,
                    "bad/1",
                    request("bad").sent().ran(0).answered(failure(1)).storedWhole()),
                spoilt(
                    "another exit code",
                    Rule.OUTCOME_IS_WHAT_HAPPENED,
                    "bad/1",
                    request("bad")
                        .thatFailsWith(3)
                        .sent()
                        .ran(3)
                        .answered(failure(4))
                        .storedWhole()),
                spoilt(
                    "a cancellation that nobody asked for",
                    Rule.OUTCOME_IS_WHAT_HAPPENED,
                    "bad/1",
                    request("bad").sent().ran(143).answered(reply("CANCELLED")).storedWhole()),
                spoilt(
                    "lost, and nothing was done to its pod",
                    Rule.OUTCOME_IS_WHAT_HAPPENED,
                    "bad/1",
                    request("bad").sent().ran(0).answered(reply("LOST")).storedWhole()),
                spoilt(
                    "timed out, and no pod was overdue",
                    Rule.OUTCOME_IS_WHAT_HAPPENED,
                    "bad/1",
                    request("bad").sent().ran(143).answered(reply("TIMED_OUT")).storedWhole()),
                spoilt(
                    "out of memory",
                    Rule.OUTCOME_IS_WHAT_HAPPENED,
                    "bad/1",
                    request("bad").sent().ran(137).answered(reply("OUT_OF_MEMORY")).storedWhole()),
                spoilt(
                    "an evicted pod that counts as an attempt",
                    Rule.OUTCOME_IS_WHAT_HAPPENED,
                    "bad/1",
                    request("bad").sent().ranUntilEvicted(8).answered(failure(143)).storedWhole()),
                spoilt(
                    "an invalid request that is accepted",
                    Rule.OUTCOME_IS_WHAT_HAPPENED,
                    "bad/1",
                    request("bad").thatIsInvalid().sent().answered(success())),
                spoilt(
                    "a valid request that is rejected",
                    Rule.VALID_IS_NOT_REJECTED,
                    "bad/1",
                    request("bad").sent().answered(rejection())),
                spoilt(
                    "ran, and is said not to have started",
                    Rule.WHAT_RAN_HAS_STARTED,
                    "bad/1",
                    request("bad")
                        .sent()
                        .ran(137)
                        .meddled(Meddling.POD_DELETED)
                        .answered(reply("FAILED").neverStarted())
                        .storedWhole())),
            Stream.of(
                spoilt(
                    "the end of a log is missing",
                    Rule.COMPLETE_IS_WHOLE,
                    "bad-job.log",
                    request("bad")
                        .sent()
                        .ran(0)
                        .answered(success().ofLog(900))
                        .stored(new Part(900, 900))),
                spoilt(
                    "the beginning of a log is missing",
                    Rule.COMPLETE_IS_WHOLE,
                    "bad-job.log",
                    request("bad")
                        .sent()
                        .ran(0)
                        .answered(success().ofLog(900))
                        .stored(new Part(900, 0))),
                spoilt(
                    "a log has too much",
                    Rule.COMPLETE_IS_WHOLE,
                    "bad-job.log",
                    request("bad")
                        .sent()
                        .ran(0)
                        .answered(success().ofLog(LOG_BYTES + 5))
                        .stored(new Part(LOG_BYTES + 5, LOG_BYTES))),
                spoilt(
                    "an empty log of a pod that was taken away late",
                    Rule.COMPLETE_IS_WHOLE,
                    "bad-job.log",
                    request("bad")
                        .sent()
                        .ranUntilEvicted(60)
                        .ran(0)
                        .answered(success())
                        .stored(new Part(0, 0), WHOLE)),
                spoilt(
                    "the log of an attempt is missing",
                    Rule.COMPLETE_IS_WHOLE,
                    "bad-job.log",
                    request("bad")
                        .sent()
                        .ranUntilEvicted(8)
                        .ran(0)
                        .answered(success())
                        .storedWhole()),
                spoilt(
                    "the second attempt's log is cut",
                    Rule.COMPLETE_IS_WHOLE,
                    "bad-job.log",
                    request("bad")
                        .sent()
                        .ranUntilEvicted(8)
                        .ran(0)
                        .answered(success().ofLog(LOG_BYTES + 20))
                        .stored(WHOLE, new Part(20, 20))),
                spoilt(
                    "not complete, and no warning",
                    Rule.INCOMPLETE_IS_SAID_WHY,
                    "bad-job.log",
                    request("bad")
                        .sent()
                        .ran(0)
                        .answered(success().ofLog(900).notComplete(""))
                        .stored(new Part(900, 900))),
                spoilt(
                    "the log object is missing",
                    Rule.LOG_IS_STORED,
                    "bad-job.log",
                    request("bad").sent().ran(0).answered(success())),
                spoilt(
                    "the log object has another size",
                    Rule.LOG_IS_STORED,
                    "bad-job.log",
                    request("bad").sent().ran(0).answered(success().ofLog(900)).storedWhole()),
                spoilt(
                    "no log is told of",
                    Rule.LOG_IS_STORED,
                    "bad/1",
                    request("bad").sent().ran(0).answered(success().withoutLog()))),
            Stream.of(
                argumentSet(
                    "a reply to nobody",
                    Rule.REPLIES_CAN_BE_READ,
                    "bad/0",
                    correctRun().with(request("bad").answered(success()))),
                argumentSet(
                    "a dead letter that is a valid request",
                    Rule.NOTHING_IS_LEFT,
                    "DEAD_LETTERS",
                    correctRun().left(Place.DEAD_LETTERS, Optional.of("succeeds/1"))),
                argumentSet(
                    "drained late",
                    Rule.DRAINED_IN_TIME,
                    "2026-11-01T12:05:00Z",
                    correctRun().drainedAfterSeconds(121)),
                argumentSet(
                    "not drained",
                    Rule.DRAINED_IN_TIME,
                    "2026-11-01T12:05:00Z",
                    correctRun().drainedAfterSeconds(-1)),
                argumentSet(
                    "a worker that ends by itself",
                    Rule.WORKERS_STAY_UP,
                    "worker 1",
                    correctRun().misbehaved()),
                argumentSet(
                    "threads that grow",
                    Rule.WORKERS_DO_NOT_GROW,
                    "threads",
                    correctRun().withMoreThreadsEachTime(5)),
                argumentSet(
                    "descriptors that grow",
                    Rule.WORKERS_DO_NOT_GROW,
                    "descriptors",
                    correctRun().withMoreDescriptorsEachTime(10)),
                argumentSet(
                    "a heap that grows",
                    Rule.WORKERS_DO_NOT_GROW,
                    "heap",
                    correctRun().withMoreHeapEachTime(10_000))),
            Stream.of(Place.values())
                .map(place ->
                    argumentSet(
                        "something is left: " + place,
                        Rule.NOTHING_IS_LEFT,
                        place.name(),
                        correctRun().left(place, Optional.empty()))))
        .flatMap(cases -> cases);
  }

  private static Arguments spoilt(String how, Rule rule, String about, RequestFixture request) {
    return argumentSet(how, rule, about, correctRun().with(request));
  }

  @ParameterizedTest
  @MethodSource("spoilt")
  void whatSpoilsARunIsFound(Rule rule, String about, RunFixture run) {
    List<Violation> violations = Checker.check(run.history());

    assertThat(violations).extracting(Violation::rule).containsExactly(rule);
    assertThat(violations.getFirst().words()).contains(about);
  }

  @Test
  void aReplyMayComeTwiceWhereAWorkerDied() {
    RequestFixture twice =
        request("twice").sent().ran(0).answered(success()).answered(success()).storedWhole();

    assertThat(Checker.check(correctRun().under(FaultKind.WORKER_KILLED).with(twice).history()))
        .isEmpty();
    assertThat(Checker.check(correctRun().under(FaultKind.STORE_CUT).with(twice).history()))
        .isNotEmpty();
  }

  @Test
  void differentAnswersAreWrongUnderAnyFault() {
    RequestFixture different =
        request("different")
            .sent()
            .ran(0)
            .answered(success())
            .answeredAfter(25, success().ofLog(3).warning("other words"))
            .storedWhole();

    assertThat(
            Checker.check(correctRun().under(FaultKind.API_SERVER_CUT).with(different).history()))
        .extracting(Violation::rule)
        .contains(Rule.ANSWERS_ARE_EQUAL);
  }

  @Test
  void aJobThatIsDeletedWhileNobodyLooksMayStayUnanswered() {
    RequestFixture unseen =
        request("unseen").thatIsCancelled().sent().ran(143).meddled(Meddling.JOB_DELETED);

    assertThat(Checker.check(correctRun().under(FaultKind.API_SERVER_CUT).with(unseen).history()))
        .isEmpty();
    assertThat(Checker.check(correctRun().under(FaultKind.STORE_CUT).with(unseen).history()))
        .extracting(Violation::rule)
        .containsExactly(Rule.EVERY_SEND_IS_ANSWERED);
  }

  @Test
  void theSummaryCountsWhatHappened() {
    String summary = Summary.of(correctRun().under(FaultKind.STORE_CUT).history());

    assertThat(summary.lines().map(line -> line.strip().replaceAll(" +", " ")))
        .contains(
            "requests 10",
            "sends 12",
            "Jobs that ran 8",
            "answers 12",
            "answers that came again 0",
            "logs 8",
            "complete 6",
            "not complete 1",
            "said not to be, though whole 1",
            "STORE_CUT 1");
  }
}
