package mstc.cloud.worker.standalone;

import static mstc.cloud.worker.standalone.ClusterWorker.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalInt;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * How jobs end on a cluster, with their replies and their stored logs, where that is more than the
 * contract of the runtime says.
 */
@Execution(ExecutionMode.CONCURRENT)
class ClusterEndsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir static Path folder;
  private static ClusterWorker worker;
  private static WorkerProcess process;

  @BeforeAll
  static void startEverything() throws Exception {
    worker = new ClusterWorker(folder);
    process = worker.start("mstc.runtime.kubernetes.start-grace=5s").awaitReady();
    // Those that take their time begin now, together.
    worker
        .client()
        .send("timeout", request("timeout", "echo before; exec sleep 600", "\"timeOut\": 1"));
    worker
        .client()
        .send(
            "overdue",
            request("overdue", "echo once; exec sleep 600", "\"timeOut\": 1", "\"retries\": 2"));
  }

  @AfterAll
  static void stopEverything() throws Exception {
    if (worker != null) {
      worker.close();
    }
  }

  private static Reply run(String name, String script, String... fields) throws Exception {
    worker.client().send(name, request(name, script, fields));
    return worker.client().awaitReply(name, PATIENCE);
  }

  private static StoredLog log(Reply reply) {
    return reply.log().orElseThrow();
  }

  @Test
  void success() throws Exception {
    Reply reply = run("success", "echo hello", "\"prefix\": \"p\"");

    assertThat(reply.result()).isEqualTo("Job " + reply.job().orElseThrow() + " complete.");
    assertThat(reply.exitCode()).isEqualTo(OptionalInt.of(0));
    assertThat(log(reply).location().key()).isEqualTo("p-" + reply.job().get() + ".log");
    assertThat(worker.text(reply)).isEqualTo("hello\n");
  }

  @Test
  void outOfMemory() throws Exception {
    Reply reply =
        run(
            "hungry",
            "echo eating; exec python3 -c \"x = bytearray(200 * 1024 * 1024); print(len(x))\"",
            "\"resources\": {\"memory\": \"32Mi\"}");

    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.OUT_OF_MEMORY);
    assertThat(reply.result()).endsWith(" failed: out of memory.");
    assertThat(worker.text(reply)).isEqualTo("eating\n");
  }

  @Test
  void theTimeoutKeepsWhatWasWrittenBefore() throws Exception {
    Reply reply = worker.client().awaitReply("timeout", PATIENCE);

    assertThat(reply.result()).endsWith(" failed: timed out after 1 minute.");
    assertThat(worker.text(reply)).isEqualTo("before\n");
    assertThat(log(reply).complete()).isTrue();
  }

  @Test
  void noAttemptFollowsTheTimeout() throws Exception {
    Reply reply = worker.client().awaitReply("overdue", PATIENCE);

    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.TIMED_OUT);
    assertThat(worker.text(reply)).isEqualTo("once\n");
    assertThat(worker.pods("overdue")).hasSizeLessThanOrEqualTo(1);
  }

  @Test
  void anImageNameThatIsNone() throws Exception {
    worker
        .client()
        .send(
            "bad-image",
            "{\"image\": \"UPPER//x\", \"jobName\": \"bad-image\", \"inputBucket\": \"scenarios\"}");
    Reply reply = worker.client().awaitReply("bad-image", PATIENCE);

    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.REJECTED);
    assertThat(reply.result()).contains("image \"UPPER//x\" must be an image reference");
    assertThat(worker.jobs("bad-image")).isEmpty();
  }

  @Test
  void aProgramThatThereIsNot() throws Exception {
    worker
        .client()
        .send(
            "no-program",
            request("no-program", "").replace("\"sh\", \"-c\", \"\"", "\"/no/such/program\""));
    Reply reply = worker.client().awaitReply("no-program", PATIENCE);

    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.FAILED);
    assertThat(reply.result()).contains("not started", "/no/such/program");
  }

  private static String jobOf(Pod pod) {
    return Objects.requireNonNull(pod.getMetadata().getLabels().get("app.kubernetes.io/instance"));
  }

  /** A pod runs before its program has come to anything. */
  private void awaitLog(Pod pod, String begin) {
    await()
        .atMost(PATIENCE)
        .until(() -> process.get("/mstc/jobs/" + jobOf(pod) + "/log").body().startsWith(begin));
  }

  @Test
  void aPodThatIsDeletedWhileItRuns() throws Exception {
    worker.client().send("pod-gone", request("pod-gone", "echo here; exec sleep 600"));
    Pod pod = worker.awaitRunning("pod-gone");
    awaitLog(pod, "here\n");

    worker.admin().resource(pod).withGracePeriod(10).delete();

    Reply reply = worker.client().awaitReply("pod-gone", PATIENCE);
    assertThat(reply.outcome()).isIn(JobOutcome.Kind.FAILED, JobOutcome.Kind.LOST);
    assertThat(reply.warnings()).anyMatch(warning -> warning.contains("was deleted"));
    assertThat(worker.text(reply)).isEqualTo("here\n");
  }

  @Test
  void aJobThatIsCancelledWhileItRuns() throws Exception {
    worker
        .client()
        .send(
            "cancelled", request("cancelled", "trap 'exit 143' TERM; echo here; sleep 600 & wait"));
    Pod pod = worker.awaitRunning("cancelled");
    awaitLog(pod, "here\n");

    String job = jobOf(pod);
    assertThat(process.delete("/mstc/jobs/" + job).statusCode()).isEqualTo(202);

    Reply reply = worker.client().awaitReply("cancelled", PATIENCE);
    assertThat(reply.result()).isEqualTo("Job " + job + " failed: cancelled.");
    assertThat(worker.text(reply)).isEqualTo("here\n");
    assertThat(worker.jobs("cancelled")).hasSize(1);
  }

  @Test
  void aPodThatIsEvictedIsReplacedAndIsNoAttempt() throws Exception {
    worker
        .client()
        .send(
            "evicted",
            request(
                "evicted",
                "trap 'exit 143' TERM; echo on $(hostname); sleep 8 & wait; echo ended"));
    Pod pod = worker.awaitRunning("evicted");
    awaitLog(pod, "on ");

    worker
        .admin()
        .pods()
        .inNamespace(worker.cluster().namespace())
        .withName(pod.getMetadata().getName())
        .evict();

    Reply reply = worker.client().awaitReply("evicted", PATIENCE);
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    assertThat(worker.text(reply))
        .contains("=== attempt 1 of 2 ===", "=== attempt 2 of 2")
        .endsWith("ended\n");
  }
}
