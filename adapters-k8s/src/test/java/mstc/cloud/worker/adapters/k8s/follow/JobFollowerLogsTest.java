package mstc.cloud.worker.adapters.k8s.follow;

import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.START;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.beingDeleted;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.complete;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.created;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.exited;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.keptAfter;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.named;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.newer;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.running;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.with;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.work;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob;
import mstc.cloud.worker.adapters.k8s.log.PodLog;
import mstc.cloud.worker.adapters.k8s.log.Spool;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** What becomes of the logs of a job that is followed: by one worker, and by the next. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
class JobFollowerLogsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final FollowedJobs jobs;

  JobFollowerLogsTest(@TempDir Path spoolFolder) throws IOException {
    jobs = new FollowedJobs(spoolFolder);
  }

  @AfterEach
  void closeEverything() {
    jobs.close();
  }

  private Path log(mstc.cloud.worker.domain.job.Job work) {
    return jobs.spool.folder(work.name().value()).resolve("p.log");
  }

  /** Until the log of its pod is written. */
  private void awaitLine(mstc.cloud.worker.domain.job.Job work) {
    await()
        .atMost(PATIENCE)
        .until(() -> Files.exists(log(work)) && Files.readString(log(work)).equals("one line\n"));
  }

  // Attempts.

  @Test
  void theLogsOfAllAttemptsAreOneWithALineBeforeEach() throws Exception {
    // given
    var work = work(2);
    Job job = jobs.created(work);
    TrackedJob tracked = new TrackedJob(job);
    tracked.update(created(named(exited(3), "a", "2"), START));
    tracked.update(created(named(evicted(), "b", "3"), START.plusSeconds(1)));
    tracked.update(created(named(exited(0), "c", "4"), START.plusSeconds(2)));

    // when
    JobEnd end = jobs.followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().complete()).isTrue();
    assertThat(end.log().file())
        .hasContent(
            """
            === attempt 1 of 3 ===
            one line
            === attempt 2 of 3, after exit code 3 ===
            one line
            === attempt 3 of 3, after EvictionByEvictionAPI: drained ===
            one line
            """);
  }

  private static Pod evicted() {
    return new PodBuilder(exited(137))
        .editStatus()
        .addNewCondition()
        .withType("DisruptionTarget")
        .withStatus("True")
        .withReason("EvictionByEvictionAPI")
        .withMessage("drained")
        .withLastTransitionTime(START.toString())
        .endCondition()
        .endStatus()
        .build();
  }

  @Test
  void theLogOfAPodWhoseNodeIsOutOfReachIsReadToItsEnd() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    tracked.update(beingDeleted(running(), START));
    JobFollower follower = jobs.followed(work, tracked);

    // when
    tracked.markGone();
    JobEnd end = follower.awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Cancelled());
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(end.log().complete()).isTrue();
  }

  @Test
  void theLogOfAContainerThatHasEndedIsWholeThoughItsJobIsGone() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    tracked.update(keptAfter(0));
    JobFollower follower = jobs.followed(work, tracked);

    // when
    tracked.markGone();
    JobEnd end = follower.awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Cancelled());
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(end.log().complete()).isTrue();
  }

  @Test
  void aLogThatTheStoreDoesNotTakeKeepsNoPod() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    jobs.store.stop();

    // when
    tracked.update(keptAfter(0));
    JobEnd end = jobs.followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().complete()).isTrue();
    assertThat(jobs.archive.keptBytes(work.name(), "p")).isZero();
  }

  @Test
  void aSpoolThatCannotBeWrittenIsTriedAgain() throws Exception {
    // given
    var work = work(0);
    Job job = jobs.created(work);
    TrackedJob tracked = new TrackedJob(job);
    Path inTheWay = Files.createFile(jobs.spool.folder(work.name().value()));
    tracked.update(running());
    JobFollower follower = jobs.followed(work, tracked);

    // when
    Files.delete(inTheWay);
    tracked.update(newer(exited(0), "3"));
    JobEnd end = follower.awaitEnd();

    // then
    assertThat(end.log().file()).hasContent("one line\n");
  }

  @Test
  void aLogThatIsCutIsNotCompleteAndItsClientIsWarned(@TempDir Path anotherFolder)
      throws Exception {
    try (FollowedJobs limited = new FollowedJobs(anotherFolder, new Spool.Limits(1 << 20, 4))) {
      // given
      var work = work(0);
      TrackedJob tracked = new TrackedJob(limited.created(work));

      // when
      tracked.update(exited(0));
      JobEnd end = limited.followed(work, tracked).awaitEnd();

      // then
      assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
      assertThat(Files.readString(end.log().file())).startsWith("one \n[mstc-cloud-worker: ");
      assertThat(end.log().complete()).isFalse();
      assertThat(end.warnings())
          .contains("the log is not complete: it was cut, as a job's log may have 4 bytes");
    }
  }

  /** What the worker's own log warns of. */
  private static final class Warnings extends AppenderBase<ILoggingEvent> {
    private final List<String> lines = new CopyOnWriteArrayList<>();

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getLevel() == Level.WARN) {
        lines.add(event.getFormattedMessage());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1048576, 4, a job's log may have 4 bytes",
    "4, 1048576, the spool may hold 4 bytes",
  })
  void aLogThatIsCutIsWarnedOfInTheWorkersLogByTheNameOfItsJob(
      long spoolBytes, long jobBytes, String why, @TempDir Path anotherFolder) throws Exception {
    Warnings warnings = new Warnings();
    Logger logger = (Logger) LoggerFactory.getLogger(Spool.class.getPackageName());
    try (FollowedJobs limited =
        new FollowedJobs(anotherFolder, new Spool.Limits(spoolBytes, jobBytes))) {
      // given
      var work = work(0);
      TrackedJob tracked = new TrackedJob(limited.created(work));
      warnings.start();
      logger.addAppender(warnings);

      // when
      tracked.update(exited(0));
      var _ = limited.followed(work, tracked).awaitEnd();

      // then
      assertThat(warnings.lines)
          .filteredOn(line -> line.contains(work.name().value()))
          .singleElement()
          .asString()
          .contains("the log is cut, as " + why);
    } finally {
      logger.detachAppender(warnings);
    }
  }

  // Workers that come and go.

  @Test
  void whoIsClosedWhileItReadsALogReadsItNoLonger() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    tracked.update(running());
    JobFollower follower = jobs.followed(work, tracked);
    awaitLine(work);
    boolean before = follower.isClosed();

    // when
    follower.close();
    follower.awaitLeft(PATIENCE);
    tracked.update(newer(exited(0), "3"));

    // then
    assertThat(before).isFalse();
    assertThat(follower.isClosed()).isTrue();
    assertThatThrownBy(follower::awaitEnd).isInstanceOf(JobHandedOverException.class);
    assertThat(jobs.server.notes()).doesNotContain("the log's end");
  }

  @Test
  void theNextWorkerGoesOnWithTheLogOfTheOneThatLeft() throws Exception {
    // given
    var work = work(0);
    Job job = jobs.created(work);
    TrackedJob tracked = new TrackedJob(job);
    tracked.update(running());
    JobFollower leaving = jobs.followed(work, tracked);
    awaitLine(work);
    boolean isLong = !leaving.longLogs().isEmpty();

    // when
    leaving.leave();
    leaving.awaitLeft(PATIENCE);
    tracked.update(newer(exited(0), "3"));
    JobEnd end = jobs.followed(work, tracked, true, Duration.ZERO).awaitEnd();

    // then
    assertThat(isLong).isFalse();
    assertThatThrownBy(leaving::awaitEnd).isInstanceOf(JobHandedOverException.class);
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(end.log().complete()).isTrue();
  }

  @Test
  void theLogOfAPodThatWentWhileNoWorkerLookedIsSaidToEndTooSoon() throws Exception {
    // given
    var work = work(0);
    Job job = jobs.created(work);
    TrackedJob tracked = new TrackedJob(job);
    tracked.update(running());
    JobFollower leaving = jobs.followed(work, tracked);
    awaitLine(work);
    leaving.leave();
    leaving.awaitLeft(PATIENCE);

    // when
    JobEnd end =
        jobs.followed(work, new TrackedJob(with(job, complete())), true, Duration.ZERO).awaitEnd();

    // then
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(end.log().complete()).isFalse();
    assertThat(end.warnings()).contains("the log is not complete: " + PodLog.GONE_TOO_SOON);
  }

  @Test
  void aWholeLogOfAPodThatIsGoneIsComplete() throws Exception {
    // given
    var work = work(0);
    Job job =
        new JobBuilder(jobs.created(work))
            .editMetadata()
            .withCreationTimestamp(Instant.now().toString())
            .endMetadata()
            .build();
    TrackedJob tracked = new TrackedJob(job);
    tracked.update(exited(0));
    var _ = jobs.followed(work, tracked).awaitEnd();

    // when
    JobEnd end =
        jobs.followed(work, new TrackedJob(with(job, complete())), true, Duration.ZERO).awaitEnd();

    // then
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(end.log().complete()).isTrue();
  }

  @Test
  void whatAnotherWorkerKeptIsWaitedForWhileTheStoreIsDown() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    tracked.update(running());
    jobs.store.stop();
    JobFollower follower = jobs.followed(work, tracked, true, Duration.ZERO);

    // when
    jobs.store.start();
    tracked.update(newer(exited(0), "3"));
    JobEnd end = follower.awaitEnd();

    // then
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(end.log().complete()).isTrue();
  }
}
