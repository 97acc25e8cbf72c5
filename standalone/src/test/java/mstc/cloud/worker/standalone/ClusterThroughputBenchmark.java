package mstc.cloud.worker.standalone;

import static mstc.cloud.worker.standalone.ClusterWorker.request;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures jobs per second, beside what the same cluster completes when the same Jobs are created
 * without any worker. Runs where it is asked for by its name, {@code
 * -Dit.test=ClusterThroughputBenchmark}, and prints what it measured.
 */
@Isolated("measures what the machine can do")
class ClusterThroughputBenchmark {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterThroughputBenchmark.class);
  private static final Duration PATIENCE = Duration.ofMinutes(20);

  /** Creates at once: what `kubectl` and controllers do. */
  private static final int CREATORS = 20;

  private static final int TURNS = 5;

  @TempDir Path folder;
  private int round;

  @Test
  void twentyJobsAtOnce() throws Exception {
    try (ClusterWorker cluster = new ClusterWorker(folder)) {
      cluster.start("mstc.jobs.max-concurrent=20").awaitReady();
      Job job = capture(cluster);
      List<Double> alone = new ArrayList<>();
      List<Double> through = new ArrayList<>();
      for (int turn = 0; turn < TURNS; turn++) {
        alone.add(alone(cluster, job, 20));
        through.add(through(cluster, 20));
      }
      LOG.info(
          "20 jobs: {} jobs/s alone, {} jobs/s through the worker, {} of it by the medians",
          alone,
          through,
          median(through) / median(alone));
    }
  }

  @Test
  void twoThousandJobsOnTheSimulatedNode() throws Exception {
    try (ClusterWorker cluster = new ClusterWorker(folder)) {
      WorkerProcess worker = cluster.startOnSimulatedNode().awaitReady();
      Job job = capture(cluster);
      double alone = alone(cluster, job, 2_000);
      double through = through(cluster, 2_000);
      LOG.info(
          "2000 jobs: {} jobs/s alone, {} jobs/s through the worker, which held {} MiB at most",
          alone,
          through,
          worker.peakMemoryMebibytes());
    }
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  /** The Job that the worker makes of the request. */
  private static Job capture(ClusterWorker cluster) throws Exception {
    cluster.client().send("captured", request("captured", "echo hello"));
    cluster.client().awaitReply("captured", PATIENCE);
    return cluster.jobs("captured").getFirst();
  }

  private double alone(ClusterWorker cluster, Job captured, int jobs) throws Exception {
    int number = ++round;
    long begin = System.nanoTime();
    try (ExecutorService creators = Executors.newFixedThreadPool(CREATORS)) {
      List<Callable<Job>> creations =
          IntStream.range(0, jobs)
              .mapToObj(i -> sameAs(captured, "alone-%d-%d".formatted(number, i)))
              .map(job -> (Callable<Job>) () -> create(cluster, job))
              .toList();
      for (Future<Job> created : creators.invokeAll(creations)) {
        created.get();
      }
    }
    await()
        .atMost(PATIENCE)
        // A list of thousands is work for the cluster, too.
        .pollInterval(Duration.ofMillis(Math.max(100, jobs)))
        .until(() ->
            cluster.jobs("alone").stream().filter(ClusterThroughputBenchmark::isComplete).count()
                == jobs);
    double rate = rate(jobs, begin);
    clear(cluster, "alone");
    return rate;
  }

  private static Job create(ClusterWorker cluster, Job job) {
    return cluster
        .admin()
        .batch()
        .v1()
        .jobs()
        .inNamespace(cluster.cluster().namespace())
        .resource(job)
        .create();
  }

  /** The same Job under another name, not to be taken for a worker's. */
  private static Job sameAs(Job captured, String name) {
    return new JobBuilder()
        .withNewMetadata()
        .withName(name)
        .addToLabels("app.kubernetes.io/name", "alone")
        .withAnnotations(captured.getMetadata().getAnnotations())
        .endMetadata()
        .withSpec(captured.getSpec())
        .editSpec()
        .withSelector(null)
        .withTtlSecondsAfterFinished(null)
        .editTemplate()
        .editMetadata()
        .withLabels(null)
        .endMetadata()
        .endTemplate()
        .endSpec()
        .build();
  }

  private static boolean isComplete(Job job) {
    return job.getStatus().getConditions().stream()
        .anyMatch(condition ->
            condition.getType().equals("Complete") && condition.getStatus().equals("True"));
  }

  private double through(ClusterWorker cluster, int jobs) throws Exception {
    int number = ++round;
    List<String> ids =
        IntStream.range(0, jobs).mapToObj(i -> "through-%d-%d".formatted(number, i)).toList();
    String request = request("through", "echo hello");
    long begin = System.nanoTime();
    for (String id : ids) {
      cluster.client().send(id, request);
    }
    cluster.client().awaitReplies(ids, PATIENCE);
    double rate = rate(jobs, begin);
    cluster.assertOneSuccessEach(ids);
    clear(cluster, "through");
    return rate;
  }

  /** So that each turn finds the cluster as the one before found it. */
  private static void clear(ClusterWorker cluster, String jobName) {
    cluster
        .admin()
        .batch()
        .v1()
        .jobs()
        .inNamespace(cluster.cluster().namespace())
        .withLabel("app.kubernetes.io/name", jobName)
        .withPropagationPolicy(DeletionPropagation.BACKGROUND)
        .delete();
    await()
        .atMost(PATIENCE)
        .until(() ->
            cluster
                .admin()
                .pods()
                .inNamespace(cluster.cluster().namespace())
                .list()
                .getItems()
                .isEmpty());
  }

  private static double rate(int jobs, long beginNanos) {
    return jobs / (Duration.ofNanos(System.nanoTime() - beginNanos).toMillis() / 1000.0);
  }
}
