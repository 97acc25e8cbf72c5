package mstc.cloud.worker.application.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.view.JobFilter;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobSummary;
import mstc.cloud.worker.domain.view.JobView;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ListJobsTest {
  private final Views views = new Views();
  private final ListJobs listJobs = new ListJobs(views.board);

  private List<UniqueName> found(JobFilter filter) {
    return listJobs.list(filter, 100, Optional.empty()).jobs().stream()
        .map(JobSummary::name)
        .toList();
  }

  private static JobFilter filter(String name, String image, List<String> labels) {
    return new JobFilter(
        Set.of(),
        Set.of(),
        Optional.of(name).filter(text -> !text.isEmpty()),
        Optional.of(image).filter(text -> !text.isEmpty()),
        labels.stream().map(JobFilter.Label::parse).toList());
  }

  @Test
  void theNewestJobIsFirst() {
    // given
    JobView first = views.shown("first");
    JobView second = views.shown("second");

    // then
    assertThat(found(JobFilter.ALL)).containsExactly(second.name(), first.name());
  }

  @Test
  void jobsOfTheSameMomentAreAllListed() {
    // given
    JobView job = views.shown("solve");
    JobView twin = views.job("twin");
    views.shown(
        new JobView(
            twin.job(),
            twin.state(),
            twin.hint(),
            job.createdAt(),
            twin.startedAt(),
            twin.endedAt(),
            false,
            twin.reply()));

    // then
    assertThat(found(JobFilter.ALL)).containsExactlyInAnyOrder(job.name(), twin.name());
  }

  @Test
  void everyJobThatStaysIsOnExactlyOnePageWhileOthersComeAndGo() {
    // given
    List<JobView> stay = new ArrayList<>();
    List<JobView> go = new ArrayList<>();
    for (int index = 0; index < 50; index++) {
      stay.add(views.shown("stay"));
      go.add(views.shown("go"));
    }

    // when
    List<UniqueName> listed = new ArrayList<>();
    Optional<String> next = Optional.empty();
    do {
      ListJobs.Page page = listJobs.list(JobFilter.ALL, 7, next);
      page.jobs().forEach(job -> listed.add(job.name()));
      next = page.next();
      views.shown("new");
      for (int index = 0; index < 3 && !go.isEmpty(); index++) {
        views.board.onGone(go.removeLast().name());
      }
    } while (next.isPresent());

    // then
    assertThat(listed)
        .doesNotHaveDuplicates()
        .containsAll(stay.stream().map(JobView::name).toList());
  }

  @Test
  void aPageTellsHowManyJobsThereAreAndWhetherThereAreMore() {
    // given
    for (int index = 0; index < 5; index++) {
      views.shown("solve");
    }

    // when
    ListJobs.Page first = listJobs.list(JobFilter.ALL, 4, Optional.empty());
    ListJobs.Page last = listJobs.list(JobFilter.ALL, 4, first.next());

    // then
    assertThat(first.jobs()).hasSize(4);
    assertThat(first.total()).isEqualTo(5);
    assertThat(last.jobs()).hasSize(1);
    assertThat(last.total()).isEqualTo(5);
    assertThat(last.next()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "1", "1.2.", "x.1.solve-00000000-0000-0000-0000-000000000001", "1.1.no"})
  void aPageThatFollowsNoneIsRefused(String after) {
    assertThatThrownBy(() -> listJobs.list(JobFilter.ALL, 4, Optional.of(after)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("the value of next");
  }

  @ParameterizedTest
  @CsvSource({
    "solve, true",
    "olv, true",
    "solve-*, true",
    "*-000000000001, true",
    "olv*, false",
    "mesh, false",
    "Solve, false"
  })
  void aNameIsAPartOfTheUniqueNameOrAPatternOfIt(String name, boolean matches) {
    // given
    views.shown("solve");

    // then
    assertThat(found(filter(name, "", List.of()))).hasSize(matches ? 1 : 0);
  }

  @ParameterizedTest
  @CsvSource({
    "solver, true",
    "team/solver:3, true",
    "*:3, true",
    "team/*:4, false",
    "mesher, false"
  })
  void anImageIsAPartOfItOrAPattern(String image, boolean matches) {
    // given
    views.shown(views.job(Views.request("solve", "team/solver:3", Map.of()).build()));

    // then
    assertThat(found(filter("", image, List.of()))).hasSize(matches ? 1 : 0);
  }

  @ParameterizedTest
  @CsvSource({
    "team=flow, true",
    "team, true",
    "'team=flow;study=7', true",
    "team=fl, false",
    "tea, false",
    "'team=flow;study=8', false",
    "team=, false"
  })
  void aJobHasAllLabels(String labels, boolean matches) {
    // given
    views.shown(
        views.job(
            Views.request("solve", "solver:1", Map.of("team", "flow", "study", "7")).build()));

    // then
    assertThat(found(filter("", "", List.of(labels.split(";"))))).hasSize(matches ? 1 : 0);
  }

  @Test
  void statesAndOutcomesAreAlternatives() {
    // given
    JobView pending = views.shown("pending");
    JobView running = views.shown(Views.in(JobState.RUNNING, views.job("running")));
    JobView failed = views.shown(Views.ended(views.job("failed"), JobOutcome.Kind.FAILED));
    JobView lost = views.shown(Views.ended(views.job("lost"), JobOutcome.Kind.LOST));

    // then
    assertThat(found(states(JobState.PENDING, JobState.RUNNING)))
        .containsExactly(running.name(), pending.name());
    assertThat(found(states(JobState.ENDED))).containsExactly(lost.name(), failed.name());
    assertThat(
            found(
                new JobFilter(
                    Set.of(),
                    Set.of(JobOutcome.Kind.LOST, JobOutcome.Kind.EVICTED),
                    Optional.empty(),
                    Optional.empty(),
                    List.of())))
        .containsExactly(lost.name());
  }

  private static JobFilter states(JobState... states) {
    return new JobFilter(Set.of(states), Set.of(), Optional.empty(), Optional.empty(), List.of());
  }
}
