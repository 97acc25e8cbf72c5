package mstc.cloud.worker.application.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import mstc.cloud.worker.application.view.JobSubscription.Changes;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobSummary;
import mstc.cloud.worker.domain.view.JobView;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class JobSubscriptionTest {
  private static final int MANY = 10_000;

  private final Views views = new Views();

  private static Changes next(JobSubscription subscription) throws InterruptedException {
    return subscription.take(MANY, Duration.ZERO);
  }

  @Test
  void allJobsAreToldFirstTheNewestAtTheFront() throws InterruptedException {
    // given
    JobView first = views.shown("first");
    JobView second = views.shown("second");

    // when
    Changes changes = next(views.board.subscribe());

    // then
    assertThat(changes.jobs())
        .extracting(JobSummary::name)
        .containsExactly(second.name(), first.name());
    assertThat(changes.more()).isFalse();
  }

  @Test
  void manyJobsAreToldInParts() throws InterruptedException {
    // given
    for (int index = 0; index < 25; index++) {
      views.shown("solve");
    }
    JobSubscription subscription = views.board.subscribe();

    // when
    List<Changes> parts = new ArrayList<>();
    do {
      parts.add(subscription.take(10, Duration.ZERO));
    } while (parts.getLast().more());

    // then
    assertThat(parts).extracting(part -> part.jobs().size()).containsExactly(10, 10, 5);
  }

  @Test
  void aJobThatChangedOftenIsToldOnceAsItIsNow() throws InterruptedException {
    // given
    JobSubscription subscription = views.board.subscribe();
    JobView job = views.shown("solve");

    // when
    views.shown(Views.in(JobState.RUNNING, job));
    views.shown(Views.in(JobState.ENDING, job));

    // then
    assertThat(next(subscription).jobs())
        .extracting(JobSummary::state)
        .containsExactly(JobState.ENDING);
    assertThat(next(subscription).isEmpty()).isTrue();
  }

  @Test
  void aJobThatIsShownNoLongerIsToldToWhoKnowsOfItOnly() throws InterruptedException {
    // given
    JobSubscription knows = views.board.subscribe();
    JobView job = views.shown("solve");
    assertThat(next(knows).jobs()).hasSize(1);
    JobSubscription late = views.board.subscribe();

    // when
    views.board.onGone(job.name());

    // then
    assertThat(next(knows).gone()).containsExactly(job.name());
    assertThat(next(late).isEmpty()).isTrue();
  }

  @Test
  void aJobThatLeavesBecauseOfItsAgeIsToldAsGone() throws InterruptedException {
    // given
    JobView job = views.gone(views.job("solve"));
    JobSubscription subscription = views.board.subscribe();
    assertThat(next(subscription).jobs()).hasSize(1);

    // when
    views.pass(RecentJobs.DEFAULT.time());

    // then
    assertThat(next(subscription).gone()).containsExactly(job.name());
  }

  @Test
  void whatIsNotedForOneThatNeverAsksDoesNotGrowWithTheJobsThatComeAndGo()
      throws InterruptedException {
    // given
    JobSubscription subscription = views.board.subscribe();

    // when
    for (int index = 0; index < 1_000; index++) {
      views.board.onGone(views.shown("solve").name());
    }

    // then
    assertThat(next(subscription).isEmpty()).isTrue();
  }

  @Test
  void whoWaitsIsToldAtOnce() {
    // given
    JobSubscription subscription = views.board.subscribe();
    CompletableFuture<Changes> waiting =
        CompletableFuture.supplyAsync(() -> {
          try {
            return subscription.take(MANY, Duration.ofMinutes(1));
          } catch (InterruptedException e) {
            throw new CompletionException(e);
          }
        });

    // when
    JobView job = views.shown("solve");

    // then
    assertThat(waiting.join().jobs()).extracting(JobSummary::name).containsExactly(job.name());
  }

  @Test
  void nothingIsNotedForOneThatHasEnded() throws InterruptedException {
    // given
    JobSubscription subscription = views.board.subscribe();
    subscription.close();

    // when
    views.shown("solve");

    // then
    assertThat(next(subscription).isEmpty()).isTrue();
  }
}
