package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import mstc.cloud.worker.adapters.k8s.follow.Leadership;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Replicas that hand the leadership over, on the cluster of KUBECONFIG. */
@Execution(ExecutionMode.CONCURRENT)
class KubernetesLeadershipIT {
  private static final Logger LOG = LoggerFactory.getLogger(KubernetesLeadershipIT.class);

  private static final int HANDOVERS = 20;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String NOTE = "mstc/a-note";

  @TempDir Path folder;

  /** Those that lead, by their own word. */
  private final Set<String> leaders = ConcurrentHashMap.newKeySet();

  private final List<String> violations = new CopyOnWriteArrayList<>();
  private final AtomicInteger leaderships = new AtomicInteger();

  /** One replica, as far as it leads. */
  private final class Replica implements AutoCloseable {
    private final String identity;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final KubernetesClient client;
    private final Leadership leadership;
    private volatile long ledSince;

    Replica(TestCluster cluster) {
      KubernetesSettings settings = ClusterJobs.settings(cluster, folder.resolve("unused"));
      identity = settings.identity();
      client =
          new KubernetesClientBuilder()
              .withConfig(Config.fromKubeconfig(null, cluster.kubeconfig().toFile()))
              .withTaskExecutor(threads)
              .build();
      leadership =
          new Leadership(
              client,
              settings.leaseTerms(),
              threads,
              () -> {
                ledSince = System.nanoTime();
                leaderships.incrementAndGet();
                leaders.add(identity);
                check(cluster);
              },
              () -> {
                check(cluster);
                leaders.remove(identity);
              },
              lease -> {});
      leadership.start();
    }

    /** At its first and its last moment as a leader. */
    private void check(TestCluster cluster) {
      if (!leaders.equals(Set.of(identity))) {
        violations.add("beside " + identity + " there lead " + leaders);
      }
      String holder = lease(cluster).getSpec().getHolderIdentity();
      if (!identity.equals(holder)) {
        violations.add(identity + " leads, and the Lease is " + holder + "'s");
      }
    }

    boolean leads() {
      return leaders.contains(identity);
    }

    @Override
    public void close() {
      leadership.close();
      client.close();
      threads.shutdownNow();
    }
  }

  private static Lease lease(TestCluster cluster) {
    return cluster
        .admin()
        .leases()
        .inNamespace(cluster.namespace())
        .withName("mstc-cloud-worker")
        .require();
  }

  private static String version(TestCluster cluster) {
    return lease(cluster).getMetadata().getResourceVersion();
  }

  /** Until its holder has renewed it once more. */
  private static void awaitRenewal(TestCluster cluster) {
    String before = version(cluster);
    await().atMost(PATIENCE).until(() -> !version(cluster).equals(before));
  }

  @Test
  void whoStopsHandsOverToTheOtherAndThatOneGoesOnLeading() throws Exception {
    List<Long> millis = new ArrayList<>();
    @Nullable Replica leader = null;
    try (TestCluster cluster = TestCluster.open(folder)) {
      try {
        // given
        leader = new Replica(cluster);
        await().atMost(PATIENCE).until(leader::leads);
        cluster
            .admin()
            .leases()
            .inNamespace(cluster.namespace())
            .withName("mstc-cloud-worker")
            .patch(
                PatchContext.of(PatchType.JSON_MERGE),
                "{\"metadata\": {\"annotations\": {\"%s\": \"kept\"}}}".formatted(NOTE));

        for (int handover = 0; handover < HANDOVERS; handover++) {
          Replica next = new Replica(cluster);
          // It has looked, and found the Lease another's.
          awaitRenewal(cluster);
          awaitRenewal(cluster);

          // when
          long stopped = System.nanoTime();
          leader.close();
          leader = next;
          await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(next::leads);
          millis.add((next.ledSince - stopped) / 1_000_000);

          // then
          assertThat(violations).isEmpty();
        }
        // Each has led until it was stopped.
        assertThat(leaderships).hasValue(HANDOVERS + 1);
        assertThat(lease(cluster).getMetadata().getAnnotations()).containsEntry(NOTE, "kept");
      } finally {
        if (leader != null) {
          leader.close();
        }
      }
      assertThat(lease(cluster).getSpec().getHolderIdentity()).isEmpty();
    }
    assertThat(violations).isEmpty();
    millis.sort(null);
    LOG.info(
        "{} handovers: {} ms at the median, {} at most: {}",
        HANDOVERS,
        millis.get(HANDOVERS / 2),
        millis.getLast(),
        millis);
  }
}
