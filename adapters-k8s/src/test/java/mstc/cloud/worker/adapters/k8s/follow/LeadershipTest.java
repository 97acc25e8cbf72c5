package mstc.cloud.worker.adapters.k8s.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import mstc.cloud.worker.adapters.k8s.cluster.Informers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A replica that elects itself, with a Lease whose responses come when the test lets them. */
@Execution(ExecutionMode.CONCURRENT)
class LeadershipTest {
  private static final String ME = "me";

  private final LeaseServer server = server();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final KubernetesClient client = server.client(threads);

  /** What this replica is told, in its order. */
  private final List<String> told = new CopyOnWriteArrayList<>();

  /** What the watch of a client of the test has seen. */
  private final List<String> seen = new CopyOnWriteArrayList<>();

  private static LeaseServer server() {
    try {
      return new LeaseServer("another");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @BeforeEach
  void watchToo() {
    var _ =
        Informers.<Lease>informer(
                client.leases().inNamespace(LeaseServer.NAMESPACE).withName(LeaseServer.LEASE),
                lease -> seen.add(lease.getSpec().getHolderIdentity()),
                lease -> {})
            .start();
    await().atMost(LeaseServer.patience()).until(() -> !seen.isEmpty());
  }

  @AfterEach
  void closeEverything() {
    client.close();
    threads.shutdownNow();
    server.close();
  }

  private Leadership leadership(Runnable onStart) {
    return leadership(LeaseServer.terms(ME), onStart, () -> {});
  }

  private Leadership leadership(LeaseTerms terms, Runnable onStart, Runnable onStop) {
    return new Leadership(
        client,
        terms,
        threads,
        () -> {
          told.add("start");
          onStart.run();
        },
        () -> {
          told.add("stop");
          onStop.run();
        },
        lease -> {});
  }

  private void awaitRenewals(int count) {
    int before = server.holders().size();
    await().atMost(LeaseServer.patience()).until(() -> server.holders().size() >= before + count);
  }

  @Test
  void aLeaseThatIsSeenToBeFreeWhileItIsTriedForIsTakenOnce() throws Exception {
    try (Leadership leadership = leadership(() -> {})) {
      // given
      leadership.start();
      await()
          .atMost(LeaseServer.patience())
          .until(() -> server.gets() > 1 && server.watches() == 2);
      server.delayNextGet();
      await().atMost(LeaseServer.patience()).until(server::isOneDelayed);

      // when
      server.give("");
      await().atMost(LeaseServer.patience()).until(() -> seen.contains(""));
      server.letGo();
      await().atMost(LeaseServer.patience()).until(() -> told.contains("start"));
      awaitRenewals(3);

      // then
      assertThat(told).containsExactly("start");
      assertThat(server.holders().subList(1, server.holders().size())).containsOnly(ME);
    }
  }

  @Test
  void whoIsClosedLeadsNoLongerWhenTheLeaseIsGivenBack() throws Exception {
    // given
    server.give("");
    Leadership leadership = leadership(() -> {});
    leadership.start();
    await().atMost(LeaseServer.patience()).until(() -> told.contains("start"));

    // when
    server.delayNextGet();
    Thread closing = Thread.ofVirtual().start(leadership::close);
    await().atMost(LeaseServer.patience()).until(server::isOneDelayed);
    List<String> beforeItIsGivenBack = List.copyOf(told);
    server.letGo();
    closing.join();

    // then
    assertThat(beforeItIsGivenBack).containsExactly("start", "stop");
    assertThat(told).containsExactly("start", "stop");
    assertThat(server.holders()).last().isEqualTo("");
  }

  @Test
  void whoCannotBeginTriesAgain() throws Exception {
    // given
    server.give("");
    AtomicInteger starts = new AtomicInteger();

    try (Leadership leadership =
        leadership(() -> {
          if (starts.incrementAndGet() < 3) {
            throw new IllegalStateException("not yet");
          }
        })) {
      // when
      leadership.start();
      await().atMost(LeaseServer.patience()).until(() -> starts.get() == 3);
      awaitRenewals(2);

      // then
      assertThat(told).containsExactly("start", "stop", "start", "stop", "start");
    }
  }

  @Test
  void theLeaseIsRenewedWhileTheLeaderBegins() throws Exception {
    // given
    server.give("");
    AtomicInteger begun = new AtomicInteger();

    try (Leadership leadership =
        leadership(() -> {
          awaitRenewals(8);
          begun.incrementAndGet();
        })) {
      // when
      leadership.start();
      await().atMost(LeaseServer.patience()).until(() -> begun.get() == 1);

      // then
      assertThat(told).containsExactly("start");
    }
  }

  @Test
  void whoIsClosedBeforeItIsStartedEnds() {
    // given
    Leadership leadership = leadership(() -> {});

    // when
    leadership.close();
    leadership.start();

    // then
    assertThat(told).isEmpty();
    assertThat(server.gets()).isZero();
  }

  @Test
  void whoIsStartedTwiceTakesPartOnce() throws Exception {
    // given
    server.give("");

    try (Leadership leadership = leadership(() -> {})) {
      // when
      leadership.start();
      leadership.start();
      await().atMost(LeaseServer.patience()).until(() -> told.contains("start"));
      awaitRenewals(4);

      // then
      assertThat(told).containsExactly("start");
    }
    assertThat(told).containsExactly("start", "stop");
  }

  @Test
  void onlyWhoLeadsIsSureThatNoOtherDoes() throws Exception {
    // given
    Leadership leadership = leadership(() -> {});
    boolean before = leadership.isSure();
    server.give("");

    // when
    leadership.start();
    await().atMost(LeaseServer.patience()).until(() -> told.contains("start"));
    boolean leading = leadership.isSure();
    leadership.close();

    // then
    assertThat(before).isFalse();
    assertThat(leading).isTrue();
    assertThat(leadership.isSure()).isFalse();
  }

  @Test
  void whoCannotStopGivesTheLeaseBackAllTheSame() throws Exception {
    // given
    server.give("");
    Leadership leadership =
        leadership(
            LeaseServer.terms(ME),
            () -> {},
            () -> {
              throw new IllegalStateException("stuck");
            });
    leadership.start();
    await().atMost(LeaseServer.patience()).until(() -> told.contains("start"));

    // when
    leadership.close();

    // then
    assertThat(told).containsExactly("start", "stop");
    assertThat(server.holders()).last().isEqualTo("");
  }

  // What the Lease goes with.

  private static LeaseTerms inPod() {
    return LeaseServer.terms(ME, Optional.of("worker-1"));
  }

  private static Pod pod() {
    return new PodBuilder()
        .withNewMetadata()
        .withName("worker-1")
        .addNewOwnerReference()
        .withKind("ReplicaSet")
        .withName("worker")
        .withUid("owner")
        .withController(true)
        .withBlockOwnerDeletion(true)
        .endOwnerReference()
        .endMetadata()
        .build();
  }

  @Test
  void theLeaseIsOwnedByWhatOwnsThePodButNotControlledByIt() {
    // given
    server.delete();
    server.add(pod());

    try (Leadership leadership = leadership(inPod(), () -> {}, () -> {})) {
      // when
      leadership.start();
      await().atMost(LeaseServer.patience()).until(() -> told.contains("start"));

      // then
      assertThat(server.lease().getMetadata().getOwnerReferences())
          .singleElement()
          .satisfies(owner -> {
            assertThat(owner.getUid()).isEqualTo("owner");
            assertThat(owner.getController()).isNull();
            assertThat(owner.getBlockOwnerDeletion()).isNull();
          });
    }
  }

  @Test
  void aLeaseWhoseOwnerIsNotToldHasNone() {
    // given
    server.delete();
    server.setAway(true);

    try (Leadership leadership = leadership(inPod(), () -> {}, () -> {})) {
      // when
      leadership.start();
      await().atMost(LeaseServer.patience()).until(() -> server.refused() > 1);
      server.setAway(false);
      await().atMost(LeaseServer.patience()).until(() -> told.contains("start"));

      // then
      assertThat(server.lease().getMetadata().getOwnerReferences()).isEmpty();
    }
  }

  @Test
  void whoIsClosedBeforeItsOwnersAreFoundTakesNoPart() throws Exception {
    // given
    server.delayNextGet();
    Leadership leadership = leadership(inPod(), () -> {}, () -> {});
    leadership.start();
    await()
        .atMost(LeaseServer.patience())
        .until(() -> server.isOneDelayed() && server.watches() == 2);
    // The watch tells of a Lease that nobody holds, and there is no election yet to be told.
    server.give("");
    await().atMost(LeaseServer.patience()).until(() -> seen.contains(""));

    // when
    Thread closing = Thread.ofVirtual().start(leadership::close);
    await().atMost(LeaseServer.patience()).until(() -> closing.getState() == Thread.State.WAITING);
    server.letGo();
    closing.join();

    // then
    assertThat(told).isEmpty();
    assertThat(server.gets()).isZero();
  }
}
