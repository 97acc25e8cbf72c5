package mstc.cloud.worker.standalone;

import static mstc.cloud.worker.standalone.ClusterWorker.brokerThrough;
import static mstc.cloud.worker.standalone.ClusterWorker.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Workers that stand still, are cut off, or die in the middle of a create, with another beside
 * them: one Job has a pod, and nothing is left behind.
 */
@Execution(ExecutionMode.CONCURRENT)
class ClusterOnceIT extends ClusterScenarios {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String CREATE = "POST /apis/batch/v1/";
  private static final String PATCH = "PATCH /apis/batch/v1/";

  /** Gone soon after its answer. */
  private static final String SHORT_RETENTION = "mstc.jobs.retention=1s";

  /** The uids of all Jobs that ever had a pod. */
  private final Set<String> ran = ConcurrentHashMap.newKeySet();

  private @Nullable Watch watch;

  @BeforeEach
  void watchPods() {
    watch = cluster().admin().pods().inNamespace(cluster().cluster().namespace()).watch(new Ran());
  }

  private final class Ran implements Watcher<Pod> {
    @Override
    public void eventReceived(Action action, Pod pod) {
      pod.getMetadata().getOwnerReferences().stream().map(OwnerReference::getUid).forEach(ran::add);
    }

    @Override
    public void onClose(WatcherException cause) {
      ran.add("the watch has ended: " + cause);
    }
  }

  @AfterEach
  void watchPodsNoLonger() {
    if (watch != null) {
      watch.close();
    }
  }

  /**
   * A worker that completes jobs, and another whose way to the broker and to the cluster are its
   * own: that has the next request.
   */
  private final class TwoWorkers implements AutoCloseable {
    final TcpProxy otherBroker = cluster().openBrokerProxy();
    final TcpProxy broker = cluster().openBrokerProxy();
    final TcpProxy api = cluster().openProxy();
    final WorkerProcess other;
    final WorkerProcess worker;

    TwoWorkers() throws Exception {
      other = cluster().start(SHORT_RETENTION, brokerThrough(otherBroker)).awaitReady();
      await().atMost(PATIENCE).until(() -> other.output().contains("follows and completes jobs"));
      worker =
          cluster()
              .start(cluster().kubeconfigThrough(api), SHORT_RETENTION, brokerThrough(broker))
              .awaitReady();
      otherBroker.cut();
    }

    @Override
    public void close() throws Exception {
      otherBroker.close();
      broker.close();
      api.close();
    }
  }

  private void awaitAnsweredAndGone(String correlationId, String jobName) {
    Reply reply = cluster().client().awaitReply(correlationId, PATIENCE);
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    awaitGone(jobName);
  }

  private void awaitGone(String jobName) {
    await().atMost(PATIENCE).until(() -> cluster().jobs(jobName).isEmpty());
  }

  @Test
  void aMessageIdRunsOnceThoughItsFirstWorkerStandsStillBeforeItsCreate() throws Exception {
    try (TwoWorkers two = new TwoWorkers()) {
      // given a worker that has looked, and whose create is on its way
      TcpProxy.Delay create = two.api.delay(CREATE);
      cluster().client().sendOnce("key", "once", request("once", "echo ran"));
      await().atMost(PATIENCE).until(create::isReached);
      two.worker.pause();
      two.broker.cut();
      two.otherBroker.mend();
      awaitAnsweredAndGone("once", "once");

      // when the create arrives, and the worker goes on
      create.end();
      await().atMost(PATIENCE).until(() -> !cluster().jobs("once").isEmpty());
      two.worker.resume();

      // then
      awaitGone("once");
      assertThat(ran).hasSize(1);
      // The one who stood still may have told the client, too.
      Reply reply = cluster().client().replies("once").getFirst();
      assertThat(cluster().client().replies("once")).containsOnly(reply);
    }
  }

  /** Neither does one whose create arrives after its end. */
  @Test
  void aCreateThatArrivesAfterItsWorkersEndRunsNothing() throws Exception {
    try (TwoWorkers two = new TwoWorkers()) {
      // given
      TcpProxy.Delay create = two.api.delay(CREATE);
      cluster().client().sendOnce("key", "late", request("late", "echo ran"));
      await().atMost(PATIENCE).until(create::isReached);
      two.worker.pause();
      two.otherBroker.mend();
      two.broker.cut();
      awaitAnsweredAndGone("late", "late");

      // when
      create.end();
      await().atMost(PATIENCE).until(() -> !cluster().jobs("late").isEmpty());
      two.worker.kill();

      // then whoever completes jobs answers it once more, as nobody knows that it was
      awaitGone("late");
      assertThat(ran).hasSize(1);
      await().atMost(PATIENCE).until(() -> cluster().client().replies("late").size() == 2);
      assertThat(cluster().client().replies("late"))
          .containsOnly(cluster().client().awaitReply("late", PATIENCE));
    }
  }

  @Test
  void aJobWhoseCreatorDiesBeforeItIsReleasedIsReleasedByWhoCompletesJobs() throws Exception {
    try (TwoWorkers two = new TwoWorkers()) {
      // given a request whose job is on record, held
      two.api.refuse(PATCH);
      cluster().client().sendOnce("key", "left", request("left", "sleep 5; echo ran"));
      await()
          .atMost(PATIENCE)
          .until(() ->
              cluster().jobs("left").stream()
                  .anyMatch(job -> Boolean.TRUE.equals(job.getSpec().getSuspend())));

      // when its worker dies, and the broker has nobody to give it to
      two.worker.kill();

      // then
      cluster().awaitRunning("left");
      two.otherBroker.mend();
      awaitAnsweredAndGone("left", "left");
      assertThat(ran).hasSize(1);
    }
  }

  @Test
  void aMessageWithoutAnIdRunsOnceThoughItsFirstWorkerIsCutOffInItsCreate() throws Exception {
    try (TwoWorkers two = new TwoWorkers()) {
      // given
      TcpProxy.Delay create = two.api.delay(CREATE);
      cluster().client().send("cut", request("cut", "echo ran"));
      await().atMost(PATIENCE).until(create::isReached);
      two.api.refuse(CREATE);
      two.api.cut();
      create.end();
      two.broker.cut();
      two.otherBroker.mend();
      awaitAnsweredAndGone("cut", "cut");

      // when
      two.api.refuse(null);
      two.api.mend();
      two.broker.mend();
      two.worker.awaitReady();

      // then it gives up what is another's by now
      await()
          .atMost(PATIENCE)
          .until(() ->
              ran.size() > 1
                  || two.worker.output().contains("left to whom the queue has given it"));
      assertThat(ran).hasSize(1);
      assertThat(cluster().client().replies("cut")).hasSize(1);
    }
  }

  @Test
  void anAnswerThatIsKnownAtOnceWaitsForAClientThatConnectsAgain() throws Exception {
    // given
    cluster().start(SHORT_RETENTION).awaitReady();
    cluster().client().sendOnce("key", "first", request("known", "echo ran"));
    Reply first = cluster().client().awaitReply("first", PATIENCE);
    awaitGone("known");

    // when
    cluster().client().sendOnce("key", "again", "late.replies", request("known", "echo ran"));
    cluster().client().sendOnce("key", "other", "late.replies", request("known", "echo else"));
    // Not a wait for something to happen: this is how long the client is away.
    assertThat(new CountDownLatch(1).await(5, TimeUnit.SECONDS)).isFalse();

    // then
    try (RawClient late = cluster().client("late.replies")) {
      assertThat(late.awaitReply("again", PATIENCE)).isEqualTo(first);
      assertThat(late.awaitReply("other", PATIENCE).outcome()).isEqualTo(JobOutcome.Kind.REJECTED);
      assertThat(ran).hasSize(1);
    }
  }
}
