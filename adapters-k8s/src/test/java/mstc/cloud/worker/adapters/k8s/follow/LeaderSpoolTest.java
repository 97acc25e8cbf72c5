package mstc.cloud.worker.adapters.k8s.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import mstc.cloud.worker.adapters.k8s.cluster.Informers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two replicas that watch the same Lease, which the first holds. */
class LeaderSpoolTest {
  private static final Optional<String> FULL = Optional.of("the spool holds 9 of at most 10 bytes");

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private LeaseServer server;
  private Replica leader;
  private Replica other;

  /** What a replica knows, and how its spool is. */
  private record Replica(LeaderSpool shared, AtomicReference<Optional<String>> own) {
    void awaitProblem(Optional<String> part) {
      await()
          .atMost(LeaseServer.patience())
          .until(
              shared::problem,
              problem ->
                  problem.isPresent() == part.isPresent()
                      && problem.orElse("").contains(part.orElse("")));
    }
  }

  @BeforeEach
  void open() throws IOException {
    server = new LeaseServer("leader");
    leader = replica("leader");
    other = replica("other");
  }

  private Replica replica(String identity) {
    KubernetesClient client = server.client(threads);
    AtomicReference<Optional<String>> own = new AtomicReference<>(Optional.empty());
    LeaderSpool shared =
        new LeaderSpool(
            new LeaseNotes(client, LeaseServer.NAMESPACE, LeaseServer.LEASE),
            identity,
            () -> identity.equals(server.holder()),
            own::get);
    var informer =
        Informers.informer(
            client.leases().inNamespace(LeaseServer.NAMESPACE).withName(LeaseServer.LEASE),
            shared::onLease,
            lease -> {});
    var _ = informer.start();
    shared.start();
    opened.addAll(List.of(shared, informer::stop, client));
    return new Replica(shared, own);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
    threads.shutdownNow();
    server.close();
  }

  @Test
  void aReplicaTakesNoJobsWhileTheLeadersSpoolIsFull() {
    // when
    leader.own().set(FULL);

    // then
    other.awaitProblem(FULL);

    // when
    leader.own().set(Optional.empty());

    // then
    other.awaitProblem(Optional.empty());
  }

  @Test
  void whatItsOwnSpoolLacksAReplicaThatDoesNotLeadKeepsToItself() {
    // given
    other.own().set(FULL);
    leader.own().set(FULL);
    other.awaitProblem(FULL);

    // when
    leader.own().set(Optional.empty());
    leader.awaitProblem(Optional.empty());
    await().atMost(LeaseServer.patience()).until(() -> server.note(LeaderSpool.FULL).isEmpty());

    // then
    assertThat(leader.shared().problem()).isEmpty();
    assertThat(other.shared().problem()).isEqualTo(FULL);
  }

  @Test
  void aNoteCountsForAsLongAsWhoWroteItLeads() throws IOException {
    // given
    leader.own().set(FULL);
    other.awaitProblem(FULL);

    // when
    server.give("other");

    // then
    other.awaitProblem(Optional.empty());
    await().atMost(LeaseServer.patience()).until(() -> server.note(LeaderSpool.FULL).isEmpty());
  }
}
