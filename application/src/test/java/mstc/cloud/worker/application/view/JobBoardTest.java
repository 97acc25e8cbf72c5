package mstc.cloud.worker.application.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobSummary;
import mstc.cloud.worker.domain.view.JobView;
import mstc.cloud.worker.testkit.request.WorkRequests;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class JobBoardTest {
  private final Views views = new Views();

  @Test
  void aJobIsShownAsItWasSeenLast() {
    // given
    JobView job = views.shown("solve");

    // when
    views.shown(Views.in(JobState.RUNNING, job));

    // then
    assertThat(views.board.all()).extracting(JobSummary::state).containsExactly(JobState.RUNNING);
  }

  @Test
  void aJobThatIsGoneWithoutAnAnswerIsShownNoLonger() {
    // given
    JobView job = views.shown(Views.in(JobState.RUNNING, views.job("solve")));

    // when
    views.board.onGone(job.name());

    // then
    assertThat(views.board.all()).isEmpty();
    assertThat(views.board.detail(job.name())).isEmpty();
  }

  @Test
  void anAnsweredJobIsShownWithItsRequestWhenItsRecordIsGone() {
    // when
    JobView job = views.gone(views.shown("solve"));

    // then
    assertThat(views.board.find(job.name()).map(JobSummary::outcome).orElseThrow())
        .contains(JobOutcome.Kind.SUCCEEDED);
    assertThat(views.board.detail(job.name()).flatMap(JobDetail::request).orElseThrow())
        .contains("\"jobName\":\"solve\"");
  }

  @Test
  void whatWasNeverShownMayBeGone() {
    // when
    views.board.onGone(views.job("solve").name());

    // then
    assertThat(views.board.all()).isEmpty();
  }

  @Test
  void onlyTheLatestOfThoseThatAreGoneAreShown() {
    // given
    Views few = new Views(new RecentJobs(2, Duration.ofHours(1)));
    JobView running = few.shown("running");

    // when
    few.gone(few.job("first"));
    JobView second = few.gone(few.job("second"));
    JobView third = few.gone(few.job("third"));

    // then
    assertThat(few.names()).containsExactly(third.name(), second.name(), running.name());
  }

  @Test
  void answeredJobsThatAreStillOnRecordDoNotCountAsRecent() {
    // given
    Views none = new Views(new RecentJobs(0, Duration.ofHours(1)));

    // when
    JobView job = none.shown(Views.ended(none.job("solve"), JobOutcome.Kind.FAILED));

    // then
    assertThat(none.names()).containsExactly(job.name());
  }

  @Test
  void jobsThatAreGoneForLongAreShownNoLonger() {
    // given
    Views views = new Views(new RecentJobs(10, Duration.ofHours(1)));
    views.gone(views.job("early"));
    views.pass(Duration.ofMinutes(30));
    JobView late = views.gone(views.job("late"));

    // when
    views.pass(Duration.ofMinutes(30));

    // then
    assertThat(views.names()).containsExactly(late.name());
  }

  @Test
  void theRequestsOfTheFirstThatEndedAreForgottenWhenAllTogetherAreTooLong() {
    // given
    String text = "x".repeat(100_000);
    int jobs = (int) (JobBoard.MAX_REQUEST_BYTES / 100_000) + 10;

    // when
    List<JobView> ended =
        IntStream.range(0, jobs)
            .mapToObj(index -> views.gone(views.job(longRequest(text))))
            .toList();

    // then
    assertThat(views.board.all()).hasSize(jobs);
    assertThat(views.board.detail(ended.getFirst().name()).orElseThrow().request()).isEmpty();
    assertThat(views.board.detail(ended.getLast().name()).orElseThrow().request()).isPresent();
    assertThat(
            ended.stream()
                .map(job -> views.board.detail(job.name()).orElseThrow().request())
                .flatMap(Optional::stream)
                .mapToLong(String::length)
                .sum())
        .isLessThanOrEqualTo(JobBoard.MAX_REQUEST_BYTES)
        .isGreaterThan(JobBoard.MAX_REQUEST_BYTES - 2L * 100_200);
  }

  private static WorkRequest longRequest(String text) {
    return WorkRequests.aWorkRequest().env(Map.of("TEXT", text)).build();
  }

  @Test
  void aForgottenRequestStaysForgottenWhenTheJobIsSeenAgain() {
    // given
    String text = "x".repeat(100_000);
    JobView first = views.shown(Views.ended(views.job(longRequest(text)), JobOutcome.Kind.FAILED));
    for (int job = 0; job < JobBoard.MAX_REQUEST_BYTES / 100_000 + 1; job++) {
      views.shown(Views.ended(views.job(longRequest(text)), JobOutcome.Kind.FAILED));
    }

    // when
    views.shown(first);

    // then
    assertThat(views.board.detail(first.name()).orElseThrow().request()).isEmpty();
  }

  @Test
  void whoWaitsForAJobIsToldWhenItIsShown() {
    // given
    JobView job = views.job("solve");
    CompletableFuture<Optional<JobSummary>> waiting = await(job, JobState.PENDING);

    // when
    views.shown(job);

    // then
    assertThat(waiting.join().map(JobSummary::name)).contains(job.name());
  }

  @Test
  void whoWaitsForAStateGetsAlsoALaterOne() {
    // given
    JobView job = views.shown("solve");
    CompletableFuture<Optional<JobSummary>> waiting = await(job, JobState.RUNNING);

    // when
    views.gone(job);

    // then
    assertThat(waiting.join().map(JobSummary::state)).contains(JobState.ENDED);
  }

  private CompletableFuture<Optional<JobSummary>> await(JobView job, JobState state) {
    return CompletableFuture.supplyAsync(() -> {
      try {
        return views.board.await(job.name(), state, Duration.ofMinutes(1));
      } catch (InterruptedException e) {
        throw new CompletionException(e);
      }
    });
  }

  @Test
  void nobodyWaitsLongerThanWanted() throws InterruptedException {
    // given
    JobView job = views.shown("solve");

    // when
    Optional<JobSummary> seen =
        views.board.await(job.name(), JobState.ENDED, Duration.ofMillis(20));

    // then
    assertThat(seen.map(JobSummary::state)).contains(JobState.PENDING);
  }
}
