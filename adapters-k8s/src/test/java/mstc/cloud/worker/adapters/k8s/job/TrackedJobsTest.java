package mstc.cloud.worker.adapters.k8s.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.Test;

/** How Jobs count, and who is told of what. */
class TrackedJobsTest {
  private static final UniqueName NAME =
      new UniqueName("solve-00000000-0000-0001-0000-000000000002");
  private static final UniqueName OTHER =
      new UniqueName("solve-00000000-0000-0001-0000-000000000003");
  private static final JobName NAME_OF_JOB = new JobName("solve");
  private static final String FINISHED = "2026-11-23T10:00:00Z";
  private static final JobCounts NONE = JobCounts.NONE;
  private static final JobCounts IN_FLIGHT = new JobCounts(1, 0, Optional.empty());
  private static final JobCounts WAITING =
      new JobCounts(0, 1, Optional.of(Instant.parse(FINISHED)));

  private final Told told = new Told();
  private final TrackedJobs jobs =
      new TrackedJobs(told, new Unshown(), new RecordReader(new WorkRequestFormat()));
  private int version = 10;

  private static final class Told implements TrackedJobs.Observer {
    private final List<UniqueName> unanswered = new ArrayList<>();
    private final List<UniqueName> answered = new ArrayList<>();
    private final List<UniqueName> deleted = new ArrayList<>();
    private final List<UniqueName> givenUp = new ArrayList<>();
    private int changes;

    @Override
    public void onUnanswered(UniqueName name, TrackedJob job) {
      unanswered.add(name);
    }

    @Override
    public void onAnswered(UniqueName name, Job job) {
      answered.add(name);
    }

    @Override
    public void onDeleted(UniqueName name) {
      deleted.add(name);
    }

    @Override
    public void onGivenUp(UniqueName name) {
      givenUp.add(name);
    }

    @Override
    public void onCountChanged() {
      changes++;
    }
  }

  private JobBuilder job() {
    return job(NAME, "uid");
  }

  private JobBuilder job(UniqueName name, String uid) {
    return new JobBuilder(NotedJobs.recorded(name, uid, nextVersion()));
  }

  private JobBuilder finished() {
    return job()
        .withNewStatus()
        .addNewCondition()
        .withType("Complete")
        .withStatus("True")
        .withLastTransitionTime(FINISHED)
        .endCondition()
        .endStatus();
  }

  private static JobBuilder noted(JobBuilder job, String annotation) {
    return job.editMetadata().addToAnnotations(annotation, "{}").endMetadata();
  }

  private static JobBuilder answered(JobBuilder job) {
    return new JobBuilder(NotedJobs.answered(job.build()));
  }

  private String nextVersion() {
    return Integer.toString(version++);
  }

  private PodBuilder pod(String uid) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(uid)
        .withUid(uid)
        .withResourceVersion(nextVersion())
        .withCreationTimestamp(FINISHED)
        .addToLabels(JobNames.NAME_LABEL, "solve")
        .addNewOwnerReference()
        .withKind("Job")
        .withUid("uid")
        .endOwnerReference()
        .endMetadata();
  }

  private static Pod ownedBy(String jobUid, PodBuilder pod) {
    return pod.editMetadata()
        .editFirstOwnerReference()
        .withUid(jobUid)
        .endOwnerReference()
        .endMetadata()
        .build();
  }

  private List<TrackedJob.TrackedPod> pods() {
    return jobs.find(NAME.uuid()).orElseThrow().snapshot().pods();
  }

  private JobCounts after(JobBuilder job) {
    jobs.update(job.build());
    return jobs.counts();
  }

  @Test
  void aJobIsInFlightUntilItsControllerIsDoneThenItWaitsForItsAnswer() {
    // when
    List<JobCounts> counts =
        List.of(
            jobs.counts(),
            after(job()),
            after(finished()),
            after(noted(finished(), JobNames.ANSWERED)));

    // then
    assertThat(counts).containsExactly(NONE, IN_FLIGHT, WAITING, NONE);
    assertThat(told.changes).isEqualTo(3);
  }

  @Test
  void anAnsweredJobIsInFlightUntilItsControllerIsDone() {
    // when
    List<JobCounts> counts =
        List.of(
            after(job()),
            after(noted(job(), JobNames.ANSWERED)),
            after(noted(finished(), JobNames.ANSWERED)));

    // then
    assertThat(counts).containsExactly(IN_FLIGHT, IN_FLIGHT, NONE);
  }

  @Test
  void aDeletedJobWaitsForItsAnswer() {
    // given
    Job job = job().build();
    jobs.update(job);

    // when
    jobs.remove(job);
    JobCounts deleted = jobs.counts();
    jobs.forget(NAME);

    // then
    assertThat(deleted.inFlight()).isZero();
    assertThat(deleted.waiting()).isEqualTo(1);
    assertThat(deleted.oldestEnd()).isPresent();
    assertThat(jobs.counts()).isEqualTo(NONE);
  }

  @Test
  void thatAJobIsGivenUpIsToldOnce() {
    // when
    jobs.update(noted(finished(), JobNames.GIVEN_UP).build());
    jobs.update(noted(finished(), JobNames.GIVEN_UP).build());

    // then
    assertThat(told.givenUp).containsExactly(NAME);
    assertThat(jobs.counts()).isEqualTo(WAITING);
  }

  @Test
  void aRecordSaysThatItsJobIsGivenUpAndChangesWithIt() {
    // given
    Job before = finished().build();
    Job after = noted(finished(), JobNames.GIVEN_UP).build();

    // then
    assertThat(JobAnnotations.record(before, new WorkRequestFormat()).givenUp()).isFalse();
    assertThat(JobAnnotations.record(after, new WorkRequestFormat()).givenUp()).isTrue();
    assertThat(JobAnnotations.version(after)).isNotEqualTo(JobAnnotations.version(before));
  }

  // Jobs that are deleted.

  @Test
  void aResponseThatComesLateDoesNotBringADeletedJobBack() {
    // given
    jobs.update(job().build());
    Job changedByOwnCall = job().build();
    jobs.remove(job().build());
    jobs.forget(NAME);

    // when
    boolean isNews = jobs.update(changedByOwnCall);

    // then
    assertThat(isNews).isFalse();
    assertThat(jobs.find(NAME.uuid())).isEmpty();
    assertThat(jobs.listUnanswered()).isEmpty();
    assertThat(jobs.counts()).isEqualTo(NONE);
    assertThat(told.unanswered).containsExactly(NAME);
  }

  @Test
  void aWatchThatIsBehindDoesNotBringBackAJobThatACallFoundGone() {
    // given
    jobs.update(job().build());
    jobs.removeForGood(jobs.find(NAME.uuid()).orElseThrow().snapshot().job());
    jobs.forget(NAME);

    // when
    Job last = job().build();
    jobs.update(last);
    jobs.remove(last);

    // then
    assertThat(told.unanswered).containsExactly(NAME);
    assertThat(told.deleted).containsExactly(NAME);
    assertThat(jobs.counts()).isEqualTo(NONE);
  }

  @Test
  void aJobWhoseLabelIsTakenAwayAndPutBackIsBack() {
    // given
    jobs.update(job().build());
    jobs.remove(job().build());
    jobs.forget(NAME);
    JobCounts without = jobs.counts();

    // when
    boolean isNews = jobs.update(job().build());

    // then
    assertThat(without).isEqualTo(NONE);
    assertThat(isNews).isTrue();
    assertThat(told.unanswered).containsExactly(NAME, NAME);
    assertThat(jobs.findUnanswered(NAME).orElseThrow().snapshot().gone()).isFalse();
    assertThat(jobs.counts()).isEqualTo(IN_FLIGHT);
  }

  @Test
  void aJobThatAListDidNotHaveIsBackOnceALaterOneHasIt() {
    // given
    jobs.update(job().build());
    Job changedByOwnCall = job().build();
    jobs.retainJobs(Set.of(), nextVersion());
    jobs.forget(NAME);

    // when
    boolean isLateNews = jobs.update(changedByOwnCall);
    boolean isNews = jobs.update(job().build());

    // then
    assertThat(isLateNews).isFalse();
    assertThat(isNews).isTrue();
  }

  @Test
  void theResponseToACreateThatComesAfterTheDeletionBeginsNothing() {
    // given
    Job created = job().build();
    jobs.remove(job().build());

    // when
    boolean isNews = jobs.update(created);

    // then
    assertThat(isNews).isFalse();
    assertThat(told.unanswered).isEmpty();
  }

  @Test
  void anotherJobOfTheSameNameIsAnotherJob() {
    // given
    jobs.update(job().build());
    jobs.remove(job().build());
    jobs.forget(NAME);

    // when
    boolean isNews = jobs.update(job(NAME, "another").build());

    // then
    assertThat(isNews).isTrue();
    assertThat(told.unanswered).containsExactly(NAME, NAME);
    assertThat(jobs.counts()).isEqualTo(IN_FLIGHT);
  }

  @Test
  void ofManyDeletedJobsTheLastAreRemembered() {
    // given
    Job first = job(NAME, "first").build();
    Job last = job(NAME, "last").build();
    jobs.remove(first);
    for (int i = 0; i < 10_000; i++) {
      jobs.remove(job(NAME, "uid-" + i).build());
    }
    jobs.remove(last);

    // when
    boolean isLastNews = jobs.update(last);
    boolean isFirstNews = jobs.update(first);

    // then
    assertThat(isLastNews).isFalse();
    assertThat(isFirstNews).isTrue();
  }

  @Test
  void anAnsweredJobIsForgottenWhenItIsDeleted() {
    // given
    jobs.update(answered(finished()).build());
    boolean isKnown = jobs.find(NAME.uuid()).isPresent();

    // when
    jobs.remove(job().build());

    // then
    assertThat(isKnown).isTrue();
    assertThat(jobs.find(NAME.uuid())).isEmpty();
    assertThat(told.unanswered).isEmpty();
    assertThat(told.deleted).isEmpty();
  }

  @Test
  void theAnswerThatOnlyTheDeletionTellsIsPassedOn() {
    // given
    jobs.update(job().build());

    // when
    jobs.remove(answered(finished()).build());

    // then
    assertThat(told.answered).containsExactly(NAME);
    assertThat(told.deleted).isEmpty();
    assertThat(jobs.counts()).isEqualTo(NONE);
  }

  @Test
  void whatIsNotedOnADeletedJobIsPassedOnAndKept() {
    // given
    jobs.update(job().build());
    jobs.remove(job().build());

    // when
    Optional<Job> noted = jobs.noteOnDeleted(NAME, JobNames.GIVEN_UP, FINISHED);
    jobs.update(job().build());

    // then
    assertThat(noted.map(JobAnnotations::isGivenUp)).hasValue(true);
    assertThat(told.givenUp).containsExactly(NAME);
    assertThat(jobs.find(NAME.uuid()).map(TrackedJob::snapshot).orElseThrow().job())
        .matches(JobAnnotations::isGivenUp);
  }

  @Test
  void nothingIsNotedHereOnAJobThatIsThereOrUnknown() {
    // given
    jobs.update(job().build());

    // when
    Optional<Job> noted = jobs.noteOnDeleted(NAME, JobNames.GIVEN_UP, FINISHED);
    Optional<Job> notedOnAnother =
        jobs.noteOnDeleted(
            new UniqueName("other-00000000-0000-0001-0000-000000000002"),
            JobNames.GIVEN_UP,
            FINISHED);
    Optional<Job> notedOnUnknown =
        jobs.noteOnDeleted(
            new UniqueName("solve-00000000-0000-0001-0000-000000000003"),
            JobNames.GIVEN_UP,
            FINISHED);

    // then
    assertThat(noted).isEmpty();
    assertThat(notedOnAnother).isEmpty();
    assertThat(notedOnUnknown).isEmpty();
    assertThat(told.givenUp).isEmpty();
  }

  @Test
  void onlyWhatIsDeletedIsForgotten() {
    // given
    jobs.update(job().build());

    // when
    jobs.forget(NAME);
    jobs.forget(new UniqueName("other-00000000-0000-0001-0000-000000000002"));
    jobs.forget(new UniqueName("solve-00000000-0000-0001-0000-000000000003"));
    List<UniqueName> forgotten = jobs.forgetDeleted();

    // then
    assertThat(forgotten).isEmpty();
    assertThat(jobs.findUnanswered(NAME)).isPresent();
  }

  @Test
  void allDeletedJobsAreForgottenAtOnce() {
    // given
    jobs.update(job().build());
    jobs.remove(job().build());

    // when
    List<UniqueName> forgotten = jobs.forgetDeleted();

    // then
    assertThat(forgotten).containsExactly(NAME);
    assertThat(jobs.find(NAME.uuid())).isEmpty();
  }

  // What is found.

  @Test
  void onlyAnUnansweredJobOfThatVeryNameIsFoundUnanswered() {
    // given
    jobs.update(job().build());
    boolean isFound = jobs.findUnanswered(NAME).isPresent();
    boolean isListed = jobs.listUnanswered().containsKey(NAME);
    boolean isFoundByAnother =
        jobs.findUnanswered(new UniqueName("other-00000000-0000-0001-0000-000000000002"))
            .isPresent();

    // when
    jobs.update(answered(job()).build());

    // then
    assertThat(isFound).isTrue();
    assertThat(isListed).isTrue();
    assertThat(isFoundByAnother).isFalse();
    assertThat(jobs.findUnanswered(NAME)).isEmpty();
    assertThat(jobs.listUnanswered()).isEmpty();
    assertThat(jobs.find(NAME.uuid())).isPresent();
  }

  @Test
  void aJobWithoutARecordIsNoneOfTheWorkers() {
    // when
    boolean isNews = jobs.update(job().editMetadata().withAnnotations(null).endMetadata().build());

    // then
    assertThat(isNews).isFalse();
    assertThat(jobs.counts()).isEqualTo(NONE);
    assertThat(told.unanswered).isEmpty();
  }

  @Test
  void whatIsOlderThanWhatIsKnownIsDropped() {
    // given
    Job older = job().build();
    jobs.update(finished().build());

    // when
    boolean isNews = jobs.update(older);

    // then
    assertThat(isNews).isFalse();
    assertThat(jobs.counts()).isEqualTo(WAITING);
  }

  // Pods, and the watch on them that is not in step.

  @Test
  void aPodThatIsSeenBeforeItsJobIsAddedToIt() {
    // given
    boolean isNews = jobs.update(pod("early").build());

    // when
    jobs.update(job().build());
    jobs.update(pod("late").build());

    // then
    assertThat(isNews).isFalse();
    assertThat(pods()).extracting(TrackedJob.TrackedPod::uid).containsExactly("early", "late");
  }

  @Test
  void ofThePodsOfManyUnknownJobsTheLastAreRemembered() {
    // given
    jobs.update(pod("first").build());
    for (int i = 0; i < 10_000; i++) {
      jobs.update(ownedBy("job-" + i, pod("pod-" + i)));
    }
    jobs.update(ownedBy("job-9999", pod("last")));

    // when
    jobs.update(job().build());
    jobs.update(job(OTHER, "job-9999").build());

    // then
    assertThat(pods()).isEmpty();
    assertThat(jobs.find(OTHER.uuid()).orElseThrow().snapshot().pods())
        .extracting(TrackedJob.TrackedPod::uid)
        .containsExactlyInAnyOrder("pod-9999", "last");
  }

  @Test
  void aPodThatAListDidNotHaveBeforeItsJobIsSeenIsNotAdded() {
    // given
    jobs.update(pod("listed").build());
    jobs.update(pod("gone").build());
    String list = nextVersion();
    jobs.update(pod("newer").build());

    // when
    jobs.retainPods(Set.of("listed"), list);
    jobs.update(job().build());

    // then
    assertThat(pods())
        .extracting(TrackedJob.TrackedPod::uid)
        .containsExactlyInAnyOrder("listed", "newer");
  }

  @Test
  void aPodThatIsGoneBeforeItsJobIsSeenIsNotAdded() {
    // given
    Pod one = pod("one").build();
    Pod other = pod("other").build();
    jobs.update(one);
    jobs.update(other);

    // when
    jobs.remove(one);
    jobs.update(job().build());

    // then
    assertThat(pods()).extracting(TrackedJob.TrackedPod::uid).containsExactly("other");
  }

  @Test
  void ofPodsWithoutAJobNothingIsKept() {
    // given
    Pod lone = pod("lone").build();
    jobs.update(lone);

    // when
    jobs.remove(lone);
    jobs.remove(lone);
    jobs.update(job().build());

    // then
    assertThat(pods()).isEmpty();
  }

  @Test
  void podsOfOthersAreNoneOfTheJobs() {
    // given
    jobs.update(job().build());

    // when
    boolean isNews =
        jobs.update(
            pod("of-a-set")
                .editMetadata()
                .editFirstOwnerReference()
                .withKind("ReplicaSet")
                .endOwnerReference()
                .endMetadata()
                .build());
    boolean isAloneNews =
        jobs.update(
            pod("alone").editMetadata().withOwnerReferences(List.of()).endMetadata().build());

    // then
    assertThat(isNews).isFalse();
    assertThat(isAloneNews).isFalse();
    assertThat(pods()).isEmpty();
  }

  @Test
  void aPodThatIsGoneStaysAsItWasLast() {
    // given
    jobs.update(job().build());
    Pod pod = pod("pod").build();
    boolean isNews = jobs.update(pod);
    boolean isNewsAgain = jobs.update(pod);

    // when
    jobs.remove(pod);

    // then
    assertThat(isNews).isTrue();
    assertThat(isNewsAgain).isFalse();
    assertThat(pods()).singleElement().matches(TrackedJob.TrackedPod::gone);
  }

  @Test
  void aRefusalIsOfTheJobThatItNames() {
    // given
    jobs.update(job().build());
    EventBuilder refused =
        new EventBuilder()
            .withNewMetadata()
            .withResourceVersion(nextVersion())
            .endMetadata()
            .withMessage("exceeded quota")
            .withNewInvolvedObject()
            .withUid("uid")
            .endInvolvedObject();

    // when
    jobs.update(
        new EventBuilder(refused.build())
            .editInvolvedObject()
            .withUid("another")
            .endInvolvedObject()
            .build());
    Optional<String> ofAnother = jobs.find(NAME.uuid()).orElseThrow().snapshot().refusal();
    jobs.update(refused.build());

    // then
    assertThat(ofAnother).isEmpty();
    assertThat(jobs.find(NAME.uuid()).orElseThrow().snapshot().refusal())
        .hasValueSatisfying(words -> assertThat(words).contains("exceeded quota"));
  }

  // Whole lists.

  @Test
  void aJobThatAListDoesNotHaveIsDeleted() {
    // given
    jobs.update(job().build());

    // when
    jobs.retainJobs(Set.of(), nextVersion());
    jobs.retainJobs(Set.of(), nextVersion());

    // then
    assertThat(told.deleted).containsExactly(NAME);
  }

  @Test
  void aJobThatAListHasOrThatIsYoungerThanItStays() {
    // given
    String before = nextVersion();
    jobs.update(job().build());

    // when
    jobs.retainJobs(Set.of(), before);
    jobs.retainJobs(Set.of("uid"), nextVersion());

    // then
    assertThat(told.deleted).isEmpty();
    assertThat(jobs.counts()).isEqualTo(IN_FLIGHT);
  }

  @Test
  void podsThatAListDoesNotHaveAreGoneButForThoseThatAreYoungerThanIt() {
    // given
    jobs.update(job().build());
    jobs.update(pod("listed").build());
    jobs.update(pod("missing").build());
    String version = nextVersion();
    jobs.update(pod("younger").build());

    // when
    jobs.retainPods(Set.of("listed"), version);
    jobs.retainPods(Set.of("listed"), version);

    // then
    assertThat(pods())
        .filteredOn(TrackedJob.TrackedPod::gone)
        .extracting(TrackedJob.TrackedPod::uid)
        .containsExactly("missing");
  }

  // Threads.

  /**
   * Two watches, a list and own calls tell of the same Jobs at once, each in an order of its own.
   */
  @Test
  void whoeverTellsFirstTheNewestIsKnownAndEachChangeIsToldOnce() throws Exception {
    // given
    List<UniqueName> names = new ArrayList<>();
    List<Job> versions = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      UniqueName name = UniqueName.of(NAME_OF_JOB, new UUID(7, i));
      String uid = "uid-" + i;
      names.add(name);
      versions.add(job(name, uid).build());
      versions.add(job(name, uid).withStatus(finished().buildStatus()).build());
      versions.add(answered(job(name, uid).withStatus(finished().buildStatus())).build());
    }
    int tellers = 4;
    CyclicBarrier begin = new CyclicBarrier(tellers);

    // when
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> ends = new ArrayList<>();
      for (int teller = 0; teller < tellers; teller++) {
        List<Job> shuffled = new ArrayList<>(versions);
        Collections.shuffle(shuffled, new Random(teller));
        ends.add(
            threads.submit(() -> {
              begin.await();
              shuffled.forEach(jobs::update);
              return null;
            }));
      }
      for (Future<?> end : ends) {
        end.get();
      }
    }

    // then
    assertThat(jobs.counts()).isEqualTo(NONE);
    assertThat(told.answered).containsExactlyInAnyOrderElementsOf(names);
    assertThat(told.unanswered).doesNotHaveDuplicates();
    assertThat(names)
        .allSatisfy(name ->
            assertThat(
                    JobAnnotations.isAnswered(
                        jobs.find(name.uuid()).orElseThrow().snapshot().job()))
                .isTrue());
  }
}
