package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A replica that elects itself, with a Lease whose answers come when the test lets them. */
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
                client.leases().inNamespace("default").withName("lease"),
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
    return new Leadership(
        client,
        LeaseServer.settings(ME),
        threads,
        () -> {
          told.add("start");
          onStart.run();
        },
        () -> told.add("stop"),
        lease -> {});
  }

  private void awaitRenewals(int count) {
    int before = server.holders().size();
    await().atMost(LeaseServer.patience()).until(() -> server.holders().size() >= before + count);
  }

  @Test
  void aLeaseThatIsSeenToBeFreeWhileAnAttemptIsUnderWayIsTakenOnce() throws Exception {
    try (Leadership leadership = leadership(() -> {})) {
      // given
      leadership.start();
      await()
          .atMost(LeaseServer.patience())
          .until(() -> server.gets() > 1 && server.watches() == 2);
      server.holdNextGet();
      await().atMost(LeaseServer.patience()).until(server::isOneHeld);

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
    server.holdNextGet();
    Thread closing = Thread.ofVirtual().start(leadership::close);
    await().atMost(LeaseServer.patience()).until(server::isOneHeld);
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
    AtomicInteger attempts = new AtomicInteger();

    try (Leadership leadership =
        leadership(() -> {
          if (attempts.incrementAndGet() < 3) {
            throw new IllegalStateException("not yet");
          }
        })) {
      // when
      leadership.start();
      await().atMost(LeaseServer.patience()).until(() -> attempts.get() == 3);
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
}
