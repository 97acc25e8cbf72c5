package mstc.cloud.worker.standalone;

import static mstc.cloud.worker.standalone.ClusterWorker.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.InjectingWebhook;
import mstc.cloud.worker.adapters.k8s.TestCluster;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forty requests that would harm others, of all kinds, among forty that would not, on a worker with
 * room for four: each takes its own place only, and gets an answer that says why.
 */
class ClusterHostileIT extends ClusterScenarios {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterHostileIT.class);

  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final BucketName BUCKET = new BucketName("scenarios");
  private static final String MISSING_IMAGE = "registry.invalid:5000/init:7";

  private static final String[] SETTINGS = {
    "mstc.jobs.max-concurrent=4",
    "mstc.jobs.log-patience=30s",
    // These wait for as long as the test lets them.
    "mstc.jobs.reply-patience=30m",
    "mstc.jobs.max-log=4Mi",
    "mstc.jobs.max-memory=1Gi",
    "mstc.jobs.max-timeout=1h",
    "mstc.object-store.create-buckets=false",
    "mstc.runtime.kubernetes.start-grace=10s"
  };

  /** What a request does that could harm others, how often, and what its answer says. */
  private enum Hostile {
    FULL_REPLY_QUEUE(
        6,
        "echo job",
        "",
        (reply, log) -> {
          assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
          assertThat(log).isEqualTo("job\n");
        }),
    LOG_THE_STORE_REFUSES(7, "echo job", "\"prefix\": \"refused/log\"", Hostile::hasNoLog),
    BUCKET_MISTYPED(
        4,
        "echo job",
        "\"outputBucket\": \"scenarois\"",
        (reply, log) -> isRejected(reply, "scenarois")),
    JOB_ORPHANED(
        3,
        "sleep 600",
        "",
        (reply, log) -> assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.CANCELLED)),
    TOO_MUCH_MEMORY(
        3,
        "echo job",
        "\"resources\": {\"memory\": \"9999Gi\"}",
        (reply, log) -> isRejected(reply, "memory")),
    TOO_LONG(3, "echo job", "\"timeOut\": 43200", (reply, log) -> isRejected(reply, "timeOut")),
    TOO_LONG_A_LOG(
        3,
        "yes $(seq 30) | head -c 6000000",
        "",
        (reply, log) -> {
          assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
          assertThat(reply.log().orElseThrow().complete()).isFalse();
          assertThat(reply.log().orElseThrow().bytes()).isLessThan(5 << 20);
          assertThat(reply.warnings()).anyMatch(warning -> warning.contains("it was cut"));
        }),
    PROXY_FIRST(
        3,
        "echo job; sleep 1",
        "",
        (reply, log) -> {
          assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
          assertThat(log).isEqualTo("job\n");
        }),
    PROXY_SUCCEEDS(
        2,
        "echo job; exit 3",
        "",
        (reply, log) -> {
          assertThat(reply.exitCode()).hasValue(3);
          assertThat(log).isEqualTo("job\n");
        }),
    HELPER_ENDLESS(
        3,
        "echo job",
        "",
        (reply, log) -> {
          assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
          assertThat(log).isEqualTo("job\n");
        }),
    INIT_IMAGE_MISSING(
        3,
        "echo job",
        "",
        (reply, log) -> assertThat(reply.result()).contains("certificates", MISSING_IMAGE));

    private final int count;
    private final String script;
    private final String field;

    /** Checks an answer and its log; keeps nothing. */
    @SuppressWarnings("ImmutableEnumChecker")
    private final BiConsumer<Reply, String> right;

    Hostile(int count, String script, String field, BiConsumer<Reply, String> right) {
      this.count = count;
      this.script = script;
      this.field = field;
      this.right = right;
    }

    private static void hasNoLog(Reply reply, String log) {
      assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
      assertThat(reply.log()).isEmpty();
      assertThat(reply.warnings()).isNotEmpty();
    }

    private static void isRejected(Reply reply, String word) {
      assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.REJECTED);
      assertThat(reply.result()).contains(word);
    }

    String jobName() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    String request() {
      return field.isEmpty()
          ? ClusterWorker.request(jobName(), script)
          : ClusterWorker.request(jobName(), script, field);
    }

    List<String> ids() {
      return IntStream.range(0, count).mapToObj(number -> jobName() + "-" + number).toList();
    }
  }

  private static String container(String name, String image, String script) {
    return """
    {"name": "%s", "image": "%s", "command": ["sh", "-c", "%s"]}\
    """
        .formatted(name, image, script);
  }

  /** Others put containers into the pods of some jobs, and see to it that the pods stay. */
  private static void inject(InjectingWebhook webhook) {
    String image = TestCluster.image();
    webhook.injectFirst(
        Hostile.PROXY_FIRST.jobName(), container("a-proxy", image, "echo proxy; sleep 3"));
    webhook.injectFirst(Hostile.PROXY_SUCCEEDS.jobName(), container("z-proxy", image, "sleep 3"));
    webhook.injectFirst(
        Hostile.HELPER_ENDLESS.jobName(),
        container("a-proxy", image, "trap 'exit 143' TERM; echo proxy; sleep 3600 & wait"));
    webhook.injectBefore(
        Hostile.INIT_IMAGE_MISSING.jobName(), container("certificates", MISSING_IMAGE, "true"));
  }

  private void send(Sent hostile) throws Exception {
    String id = hostile.id();
    if (hostile.isHeldBack()) {
      cluster().client().sendOnce(id, id, hostile.kind().jobName(), hostile.kind().request());
    } else {
      cluster().client().send(id, hostile.kind().request());
    }
  }

  /** A request that is hostile in one way. */
  private record Sent(String id, Hostile kind) {
    static List<Sent> all() {
      return Arrays.stream(Hostile.values())
          .flatMap(kind -> kind.ids().stream().map(id -> new Sent(id, kind)))
          .toList();
    }

    boolean isHeldBack() {
      return kind == Hostile.FULL_REPLY_QUEUE;
    }
  }

  private void orphanJobs() {
    for (Job job : cluster().jobs(Hostile.JOB_ORPHANED.jobName())) {
      String uid = job.getMetadata().getUid();
      boolean runs =
          cluster().pods(Hostile.JOB_ORPHANED.jobName()).stream()
              .filter(ClusterWorker::isRunning)
              .flatMap(pod -> pod.getMetadata().getOwnerReferences().stream())
              .anyMatch(owner -> owner.getUid().equals(uid));
      if (runs) {
        cluster().admin().resource(job).withPropagationPolicy(DeletionPropagation.ORPHAN).delete();
      }
    }
  }

  private boolean areAnswered(List<String> ids) {
    orphanJobs();
    return ids.stream().noneMatch(id -> cluster().client().replies(id).isEmpty());
  }

  private void awaitAnswers(List<String> ids) {
    await()
        .alias("answers")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .until(() -> areAnswered(ids));
  }

  private static String metrics(WorkerProcess worker) throws Exception {
    return worker.get("/metrics").body();
  }

  private String log(Reply reply) {
    try {
      return reply.log().isPresent() ? cluster().text(reply) : "";
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void goodRequestsAreAnsweredWhileHostileOnesWait() throws Exception {
    cluster().refuseObjectsBelow(BUCKET, "refused");
    List<Sent> hostile = Sent.all();
    List<String> good = IntStream.range(0, hostile.size()).mapToObj(i -> "good-" + i).toList();
    assertThat(hostile).hasSize(40);
    try (InjectingWebhook webhook = new InjectingWebhook(cluster().cluster(), folder);
        HeldReplyQueue held = cluster().holdReplyQueue(Hostile.FULL_REPLY_QUEUE.jobName())) {
      // given
      inject(webhook);
      WorkerProcess worker = cluster().start(SETTINGS).awaitReady();

      // when
      Instant begin = Instant.now();
      for (int i = 0; i < hostile.size(); i++) {
        send(hostile.get(i));
        cluster().client().send(good.get(i), request("good", "echo " + good.get(i)));
      }

      // then
      awaitAnswers(good);
      LOG.info("{} good requests were answered within {}", good.size(), since(begin));
      assertThat(held.correlationIds()).isEmpty();
      assertThat(worker.get("/health/ready").statusCode()).isEqualTo(200);
      for (String id : good) {
        Reply reply = cluster().client().replies(id).getFirst();
        assertThat(reply.outcome()).as(id).isEqualTo(JobOutcome.Kind.SUCCEEDED);
        assertThat(cluster().text(reply)).isEqualTo(id + "\n");
        assertThat(reply.log().orElseThrow().complete()).isTrue();
      }

      awaitAnswers(hostile.stream().filter(sent -> !sent.isHeldBack()).map(Sent::id).toList());
      LOG.info(
          "{} requests had their answers within {}", good.size() + hostile.size(), since(begin));
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(metrics(worker))
                  .contains(
                      "mstc_jobs_waiting 6.0", "mstc_jobs_in_flight 0.0", "mstc_jobs_limit 4.0"));

      held.release();
      await()
          .atMost(PATIENCE)
          .until(() -> held.correlationIds().containsAll(Hostile.FULL_REPLY_QUEUE.ids()));
      for (Sent sent : hostile) {
        Reply reply =
            sent.isHeldBack()
                ? held.reply(sent.id())
                : cluster().client().replies(sent.id()).getFirst();
        assertThat(reply)
            .as(sent.id())
            .satisfies(answer -> sent.kind().right.accept(answer, log(answer)));
      }
      assertNothingIsLeftBehind(worker);
    }
  }

  private static String since(Instant begin) {
    return Duration.between(begin, Instant.now()).toMillis() + " ms";
  }

  private void assertNothingIsLeftBehind(WorkerProcess worker) throws Exception {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          assertThat(metrics(worker))
              .contains(
                  "mstc_jobs_waiting 0.0", "mstc_jobs_in_flight 0.0", "mstc_jobs_unanswered 0.0");
          assertThat(spooled()).isEmpty();
          assertThat(cluster().client().depth(RawClient.WORK_QUEUE)).isZero();
          // Whoever orphans a pod keeps it.
          assertThat(cluster().runningPods())
              .allMatch(pod -> pod.startsWith(Hostile.JOB_ORPHANED.jobName()));
          assertThat(cluster().store().list(BUCKET, ""))
              .noneMatch(object -> object.location().key().startsWith(".mstc/"));
        });
  }

  private List<Path> spooled() throws IOException {
    List<Path> logs = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder.resolve("scratch-0"))) {
      files.filter(file -> file.toString().endsWith(".log")).forEach(logs::add);
    }
    return logs;
  }
}
