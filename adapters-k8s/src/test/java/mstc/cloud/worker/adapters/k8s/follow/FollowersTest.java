package mstc.cloud.worker.adapters.k8s.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.adapters.k8s.job.JobCalls;
import mstc.cloud.worker.adapters.k8s.job.JobManifest;
import mstc.cloud.worker.adapters.k8s.job.JobNames;
import mstc.cloud.worker.adapters.k8s.job.NewJob;
import mstc.cloud.worker.adapters.k8s.job.NotedJobs;
import mstc.cloud.worker.adapters.k8s.job.RecordReader;
import mstc.cloud.worker.adapters.k8s.job.Unshown;
import mstc.cloud.worker.adapters.k8s.log.AttachedLogs;
import mstc.cloud.worker.adapters.k8s.log.LogArchive;
import mstc.cloud.worker.adapters.k8s.log.LogCollection;
import mstc.cloud.worker.adapters.k8s.log.LogKeeping;
import mstc.cloud.worker.adapters.k8s.log.LogSource;
import mstc.cloud.worker.adapters.k8s.log.LogStream;
import mstc.cloud.worker.adapters.k8s.log.Spool;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobListener;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which Jobs are followed, and who is told of them. */
class FollowersTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final JobServer server = new JobServer();
  private final JobNews news = new JobNews();
  private final List<UniqueName> told = new CopyOnWriteArrayList<>();
  private final List<UniqueName> answered = new CopyOnWriteArrayList<>();
  private final List<UniqueName> givenUp = new CopyOnWriteArrayList<>();
  private final Followers followers =
      new Followers(
          new RecordReader(new WorkRequestFormat()),
          new JobCalls(server.client(), JobServer.NAMESPACE, Duration.ZERO),
          news,
          new Unshown(),
          Runnable::run,
          Duration.ZERO,
          Duration.ofDays(1));
  private final JobManifest manifest =
      new JobManifest(
          JobServer.NAMESPACE,
          KubernetesSettings.JobTemplate.of(Map.of(), Optional.empty()),
          new WorkRequestFormat(),
          ContainerWork::timeout);
  private final Spool spool;
  private final LogKeeping keeping;
  private int version = 1;

  FollowersTest(@TempDir Path folder) throws IOException {
    LogArchive archive = new LogArchive(InMemoryObjectStore.creatingBuckets());
    spool = Spool.open(folder, new Spool.Limits(1 << 20, 1 << 20));
    keeping = new LogKeeping(archive, spool, followers::isToBeFollowed);
    followers.collectInto(
        new LogCollection(new NoLogs(), spool, archive, keeping, new AttachedLogs(new NoLogs())));
    news.listen(new Telling());
  }

  @AfterEach
  void closeEverything() {
    followers.stopFollowing();
    news.close(Duration.ofSeconds(10));
    keeping.close();
    spool.close();
    server.close();
  }

  private final class Telling implements JobListener {
    @Override
    public void onUnanswered(JobRecord record) {
      told.add(record.job().name());
    }

    @Override
    public void onAnswered(UniqueName name, Answer answer) {
      answered.add(name);
    }

    @Override
    public void onGivenUp(UniqueName name) {
      givenUp.add(name);
    }

    @Override
    public void onCountsChanged() {}
  }

  /** No pod of these Jobs has one. */
  private static final class NoLogs implements LogSource {
    @Override
    public LogStream follow(Container container, Optional<Instant> since) throws IOException {
      throw new IOException("no log of " + container.pod());
    }

    @Override
    public LogStream read(Container container, Optional<Instant> since) throws IOException {
      throw new IOException("no log of " + container.pod());
    }

    @Override
    public LogStream pin(Container container) throws IOException {
      throw new IOException("no log of " + container.pod());
    }

    @Override
    public Optional<Instant> newestFileBegins(Container container) throws IOException {
      throw new IOException("no log of " + container.pod());
    }
  }

  private Job job() {
    WorkRequest request =
        WorkRequest.builder().image("solver").jobName("solve").inputBucket("results").build();
    return new JobBuilder(
            manifest.of(
                new NewJob(
                    new mstc.cloud.worker.domain.job.Job(
                        UniqueName.of(request.jobName(), UUID.randomUUID()), request, List.of()),
                    Optional.empty()),
                "create"))
        .editMetadata()
        .withUid(UUID.randomUUID().toString())
        .withResourceVersion(Integer.toString(version++))
        .endMetadata()
        .build();
  }

  private static UniqueName name(Job job) {
    return new UniqueName(job.getMetadata().getName());
  }

  private Job edited(Job job, String annotation, String value) {
    return new JobBuilder(job)
        .editMetadata()
        .addToAnnotations(annotation, value)
        .withResourceVersion(Integer.toString(version++))
        .endMetadata()
        .build();
  }

  @Test
  void whoDoesNotLeadFollowsNothing() {
    // given
    Job job = job();

    // when
    followers.tracked().update(job);

    // then
    assertThat(followers.isFollowed(name(job))).isFalse();
    assertThat(followers.isToBeFollowed(name(job))).isTrue();
  }

  @Test
  void aLeaderFollowsWhatThereIsAndWhatComes() {
    // given
    Job first = job();
    Job second = job();
    followers.tracked().update(first);

    // when
    followers.lead(() -> true);
    followers.tracked().update(second);

    // then
    await().atMost(PATIENCE).until(() -> told.equals(List.of(name(first), name(second))));
    assertThat(followers.isFollowed(name(first))).isTrue();
    assertThat(followers.isFollowed(name(second))).isTrue();
  }

  @Test
  void aLeaderNoLongerFollowsOnceAnotherReplicaLeads() {
    // given
    Job job = job();
    followers.tracked().update(job);
    followers.lead(() -> true);

    // when
    followers.stopFollowing();

    // then
    assertThat(followers.isLeading()).isFalse();
    assertThat(followers.isFollowed(name(job))).isFalse();
  }

  @Test
  void aJobWhoseAnnotationsSomeoneEditedDoesNotKeepTheOthersFromBeingFollowed() {
    // given
    Job edited = job();
    Job untouched = job();
    followers.tracked().update(edited);
    followers.tracked().update(untouched);
    followers.tracked().update(edited(edited, JobNames.REPLY_TO, "null"));

    // when
    followers.lead(() -> true);

    // then
    await().atMost(PATIENCE).until(() -> told.equals(List.of(name(untouched))));
    assertThat(followers.isLeading()).isTrue();
    assertThat(followers.isFollowed(name(untouched))).isTrue();
    assertThat(followers.isFollowed(name(edited))).isFalse();
  }

  private Job newer(Job job) {
    return edited(job, "note", "changed");
  }

  private void awaitFollowed(Job job) {
    await().atMost(PATIENCE).until(() -> followers.isFollowed(name(job)));
  }

  private void awaitNotFollowed(Job job) {
    await().atMost(PATIENCE).until(() -> !followers.isFollowed(name(job)));
  }

  // Leading.

  @Test
  void aLeaderListsJobsUntilItCan() {
    // given
    AtomicInteger lists = new AtomicInteger();

    // when
    followers.lead(() -> lists.incrementAndGet() > 1);

    // then
    assertThat(lists).hasValue(2);
    assertThat(followers.isLeading()).isTrue();
  }

  @Test
  void whoLosesTheLeadBeforeItHasListedJobsFollowsNothing() {
    // given
    Job job = job();
    followers.tracked().update(job);

    // when
    followers.lead(() -> {
      followers.stopFollowing();
      return true;
    });

    // then
    assertThat(followers.isLeading()).isFalse();
    assertThat(followers.isFollowed(name(job))).isFalse();
  }

  @Test
  void aLeaderForgetsWhatWasDeletedBeforeItLed() {
    // given
    Job job = job();
    followers.lead(() -> true);
    followers.tracked().update(job);
    awaitFollowed(job);
    followers.tracked().remove(newer(job));

    // when
    followers.lead(() -> true);

    // then
    assertThat(followers.isFollowed(name(job))).isFalse();
    assertThat(followers.tracked().find(name(job).uuid())).isEmpty();
  }

  @Test
  void whoIsClosedLeadsNoMore() {
    // given
    Job job = job();
    followers.tracked().update(job);
    followers.lead(() -> true);

    // when
    followers.close(
        new LogHandover(
            followers.tracked(),
            new AttachedLogs(new NoLogs()),
            new LeaseNotes(server.client(), JobServer.NAMESPACE, "lease"),
            "me",
            Runnable::run));
    followers.lead(() -> true);

    // then
    assertThat(followers.isLeading()).isFalse();
    assertThat(followers.isFollowed(name(job))).isFalse();
  }

  // What becomes of Jobs.

  @Test
  void anAnsweredJobIsFollowedNoLongerAndTheListenerIsTold() {
    // given
    Job job = job();
    followers.lead(() -> true);
    followers.tracked().update(job);
    awaitFollowed(job);

    // when
    followers.tracked().update(newer(NotedJobs.answered(job)));

    // then
    awaitNotFollowed(job);
    await().atMost(PATIENCE).until(() -> answered.equals(List.of(name(job))));
  }

  @Test
  void aJobThatIsDeletedWhereNobodyLeadsIsForgotten() {
    // given
    Job job = job();
    followers.tracked().update(job);

    // when
    followers.tracked().remove(newer(job));

    // then
    await().atMost(PATIENCE).until(() -> followers.tracked().find(name(job).uuid()).isEmpty());
  }

  @Test
  void aDeletedJobIsFollowedUntilItIsAnswered() throws Exception {
    // given
    Job job = job();
    followers.lead(() -> true);
    followers.tracked().update(job);
    awaitFollowed(job);

    // when
    followers.tracked().remove(newer(job));
    JobEnd end = followers.awaitEnd(name(job), () -> true);
    boolean isToBeFollowed = followers.isToBeFollowed(name(job));
    followers.onDeletedAnswered(
        name(job), new Answer(Reply.invalid("no"), Answer.Status.NONE, Instant.EPOCH));

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Cancelled());
    assertThat(isToBeFollowed).isFalse();
    assertThat(followers.isFollowed(name(job))).isFalse();
    await().atMost(PATIENCE).until(() -> answered.equals(List.of(name(job))));
  }

  @Test
  void theListenerIsToldOfAJobThatIsGivenUp() {
    // given
    Job job = job();
    followers.tracked().update(job);

    // when
    followers.tracked().update(edited(job, JobNames.GIVEN_UP, "2026-11-23T10:00:00Z"));

    // then
    await().atMost(PATIENCE).until(() -> givenUp.equals(List.of(name(job))));
  }

  // Waiting for a job.

  @Test
  void nobodyWaitsForAJobWhereAnotherReplicaLeads() {
    // given
    Job job = job();
    followers.tracked().update(job);

    // when, then
    assertThatThrownBy(() -> followers.awaitEnd(name(job), () -> true))
        .isInstanceOf(JobHandedOverException.class);
    assertThatThrownBy(() -> followers.awaitRelease(name(job), PATIENCE))
        .isInstanceOf(JobHandedOverException.class);
  }

  @Test
  void anEndThatAnotherReplicaMayKnowBetterIsNotTold() throws Exception {
    // given
    Job job = job();
    followers.lead(() -> true);
    followers.tracked().update(job);
    awaitFollowed(job);
    followers.tracked().remove(newer(job));
    AtomicInteger questions = new AtomicInteger();

    // when, then
    assertThatThrownBy(() ->
            followers.awaitEnd(
                name(job),
                () -> {
                  if (questions.incrementAndGet() == 2) {
                    followers.stopFollowing();
                  }
                  return false;
                }))
        .isInstanceOf(JobHandedOverException.class);
  }

  @Test
  void whoWaitsForAReleaseIsToldOfIt() throws Exception {
    // given
    Job released = job();
    Job held = edited(released, "mstc/held", "");
    followers.lead(() -> true);
    followers.tracked().update(held);
    boolean isReleased = followers.awaitRelease(name(held), Duration.ZERO);

    // when
    followers.tracked().update(newer(released));

    // then
    assertThat(isReleased).isFalse();
    assertThat(followers.awaitRelease(name(held), PATIENCE)).isTrue();
  }
}
