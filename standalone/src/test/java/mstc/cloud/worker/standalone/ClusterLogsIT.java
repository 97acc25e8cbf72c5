package mstc.cloud.worker.standalone;

import static mstc.cloud.worker.standalone.ClusterWorker.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;

/** Logs that the kubelet has rotated are there whatever becomes of the worker that read them. */
class ClusterLogsIT extends ClusterScenarios {
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  /** The kubelet looks every ten seconds; and a log is not followed in its very first ones. */
  private static final Duration ROTATED = Duration.ofSeconds(36);

  private static final String LINE = "x".repeat(99);
  private static final int LINES = 110_000;
  private static final int DRIPS = 110;
  private static final String A_LOT =
      "echo begin; sleep 4; for i in $(seq %d); do yes %s | head -n 1000; sleep 0.1; done; "
          .formatted(LINES / 1000, LINE);

  private static final Map<String, String> SCRIPTS =
      Map.of(
          "silent", A_LOT + "sleep 55",
          "dripping", A_LOT + "for i in $(seq %d); do echo $i; sleep 0.5; done".formatted(DRIPS),
          "short", "echo begin; sleep 70; echo end");

  private static final Map<String, String> TEXTS =
      Map.of(
          "silent",
          "begin\n" + (LINE + "\n").repeat(LINES),
          "dripping",
          IntStream.rangeClosed(1, DRIPS)
              .mapToObj(i -> i + "\n")
              .collect(Collectors.joining("", "begin\n" + (LINE + "\n").repeat(LINES), "")),
          "short",
          "begin\nend\n");

  /** Two workers, the first of which leads and has read logs that were rotated since. */
  private WorkerProcess leaderOfRotatedLogs() throws Exception {
    WorkerProcess leader = cluster().start().awaitReady();
    await().atMost(PATIENCE).until(() -> leader.output().contains("follows and completes jobs"));
    cluster().start().awaitReady();
    for (Map.Entry<String, String> job : SCRIPTS.entrySet()) {
      cluster().client().send(job.getKey(), request(job.getKey(), job.getValue()));
    }
    SCRIPTS.keySet().forEach(name -> cluster().awaitRunning(name));
    await()
        .atMost(PATIENCE)
        .until(() ->
            SCRIPTS.keySet().stream()
                .flatMap(name -> cluster().pods(name).stream())
                .allMatch(pod -> startedAt(pod).isBefore(Instant.now().minus(ROTATED))));
    return leader;
  }

  private static Instant startedAt(Pod pod) {
    return Instant.parse(
        pod.getStatus().getContainerStatuses().getFirst().getState().getRunning().getStartedAt());
  }

  private Reply answer(String name) throws IOException {
    Reply reply = cluster().client().awaitReply(name, PATIENCE);
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    assertThat(cluster().client().replies(name)).containsOnly(reply);
    return reply;
  }

  /** Where a stored log is not what its job wrote, in few words; empty where it is. */
  private String difference(String name, Reply reply) throws IOException {
    String text = cluster().text(reply);
    String written = Objects.requireNonNull(TEXTS.get(name));
    int at = 0;
    while (at < Math.min(text.length(), written.length())
        && text.charAt(at) == written.charAt(at)) {
      at++;
    }
    return text.equals(written)
        ? ""
        : "of %d bytes %d are stored, the first other one is at %d: %s, warnings %s"
            .formatted(
                written.length(),
                text.length(),
                at,
                text.substring(at, Math.min(at + 60, text.length())),
                reply.warnings());
  }

  /** What has been kept of a log for the next worker, in bytes. */
  private long keptBytes(String name) {
    String job = cluster().jobs(name).getFirst().getMetadata().getName();
    return cluster().store().list(new BucketName("scenarios"), ".mstc/" + job + "/").stream()
        .mapToLong(ObjectListing::bytes)
        .sum();
  }

  private static boolean isComplete(Reply reply) {
    return reply.log().orElseThrow().complete();
  }

  private void assertNothingIsLeftBehind() {
    assertThat(cluster().store().list(new BucketName("scenarios"), ""))
        .as("the logs, and nothing else")
        .hasSize(SCRIPTS.size());
  }

  @Test
  void noLogIsSaidToBeCompleteThatIsNotWhenItsLeaderIsKilled() throws Exception {
    // given
    WorkerProcess leader = leaderOfRotatedLogs();
    for (String name : List.of("silent", "dripping")) {
      await()
          .alias("the log of " + name + " is kept")
          .atMost(PATIENCE)
          .until(() -> keptBytes(name) > (long) LINES * (LINE.length() + 1));
    }

    // when
    leader.kill();

    // then
    for (String name : SCRIPTS.keySet()) {
      Reply reply = answer(name);
      if (isComplete(reply)) {
        assertThat(difference(name, reply)).as(name).isEmpty();
      } else {
        assertThat(reply.warnings()).as(name).anyMatch(text -> text.contains("not complete"));
      }
      switch (name) {
        case "short" -> assertThat(isComplete(reply)).isTrue();
        // All of it was kept, though nothing can prove that it is all.
        case "silent" -> assertThat(difference(name, reply)).isEmpty();
        default -> assertThat(cluster().log(reply)).hasSizeGreaterThan(LINES * LINE.length());
      }
    }
    assertNothingIsLeftBehind();
  }
}
