package mstc.cloud.worker.standalone;

import static mstc.cloud.worker.standalone.ClusterWorker.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Which messages are the same request, and which are another, on a cluster. */
@Execution(ExecutionMode.CONCURRENT)
class ClusterIdentityIT extends ClusterScenarios {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @Test
  void theSameCorrelationIdAndBodyTwiceIsTwoJobs() throws Exception {
    // given
    cluster().start().awaitReady();
    String request = request("twice", "echo hello");

    // when
    cluster().client().send("same", request);
    cluster().client().send("same", request);

    // then
    await().atMost(PATIENCE).until(() -> cluster().client().replies("same").size() == 2);
    assertThat(cluster().client().replies("same"))
        .allMatch(reply -> reply.outcome() == JobOutcome.Kind.SUCCEEDED)
        .extracting(Reply::job)
        .doesNotHaveDuplicates();
  }

  @Test
  void everyoneWhoSendsTheMessageIdOfARunningJobIsAnswered() throws Exception {
    // given
    cluster().start().awaitReady();
    String request = request("shared", "echo begin; sleep 15; echo end");
    cluster().client().sendOnce("key", "first", request);
    cluster().awaitRunning("shared");

    // when
    try (RawClient other = cluster().client("other.replies")) {
      other.sendOnce("key", "second", request);
      cluster().client().sendOnce("key", "third", request("shared", "echo something else"));

      // then
      Reply reply = cluster().client().awaitReply("first", PATIENCE);
      assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
      assertThat(other.awaitReply("second", PATIENCE)).isEqualTo(reply);
      Reply rejected = cluster().client().awaitReply("third", PATIENCE);
      assertThat(rejected.outcome()).isEqualTo(JobOutcome.Kind.REJECTED);
      assertThat(cluster().jobs("shared")).hasSize(1);
    }
  }

  @Test
  void aJobWhoseCreationIsNotConfirmedIsNotCreatedTwice() throws Exception {
    // given
    try (TcpProxy proxy = cluster().openProxy()) {
      cluster().start(cluster().kubeconfigThrough(proxy)).awaitReady();
      proxy.loseAnswerTo("POST /apis/batch/v1/");

      // when
      cluster().client().send("unconfirmed", request("unconfirmed", "echo once"));
      Reply reply = cluster().client().awaitReply("unconfirmed", PATIENCE);

      // then
      assertThat(proxy.isToLose()).isFalse();
      assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
      assertThat(cluster().text(reply)).isEqualTo("once\n");
      assertThat(cluster().jobs("unconfirmed")).hasSize(1);
      assertThat(cluster().client().replies("unconfirmed")).hasSize(1);
    }
  }

  @Test
  void aJobCostsFewCalls() throws Exception {
    // given
    try (TcpProxy proxy = cluster().openProxy()) {
      cluster().start(cluster().kubeconfigThrough(proxy)).awaitReady();

      // when
      cluster().client().send("counted", request("counted", "echo begin; sleep 10; echo end"));
      Reply reply = cluster().client().awaitReply("counted", PATIENCE);
      await()
          .atMost(PATIENCE)
          .until(() ->
              cluster().jobs("counted").stream()
                  .allMatch(
                      job -> job.getMetadata().getAnnotations().containsKey("mstc/answered")));

      // then
      String name = reply.job().orElseThrow().toString();
      List<String> calls =
          proxy.requests().stream()
              .filter(call -> call.contains(name) || call.matches("POST .*/jobs"))
              .toList();
      assertThat(calls).filteredOn(call -> call.startsWith("POST ")).hasSize(1);
      assertThat(calls).filteredOn(call -> call.startsWith("PATCH ")).hasSize(1);
      // The followed log, and its end once more where the stream ended before the pod was seen to.
      assertThat(calls)
          .filteredOn(call -> !call.startsWith("POST ") && !call.startsWith("PATCH "))
          .hasSizeBetween(1, 5)
          .allMatch(call -> call.matches("GET .*/pods/.*/log.*"));
    }
  }

  @Test
  void aJobWithAnIdCostsALookAndAReleaseMore() throws Exception {
    // given
    try (TcpProxy proxy = cluster().openProxy()) {
      cluster().start(cluster().kubeconfigThrough(proxy)).awaitReady();

      // when
      cluster().client().sendOnce("key", "counted", request("counted", "echo begin; sleep 10"));
      Reply reply = cluster().client().awaitReply("counted", PATIENCE);
      await()
          .atMost(PATIENCE)
          .until(() ->
              cluster().jobs("counted").stream()
                  .allMatch(
                      job -> job.getMetadata().getAnnotations().containsKey("mstc/answered")));

      // then
      String uuid = reply.job().orElseThrow().uuid().toString();
      List<String> calls =
          proxy.requests().stream()
              .filter(call -> call.contains(uuid) || call.matches("POST .*/jobs"))
              .filter(call -> !call.matches("GET .*/pods/.*/log.*"))
              .map(call -> call.replaceAll("[ ?].*", ""))
              .toList();
      assertThat(calls).containsExactly("GET", "POST", "PATCH", "PATCH");
    }
  }

  @Test
  void whatIsSentAgainAfterTheJobIsGoneIsAnsweredFromItsLog() throws Exception {
    // given
    WorkerProcess worker = cluster().start().awaitReady();
    String request = request("gone", "echo hello");
    cluster().client().sendOnce("key", "with-key", request);
    cluster().client().send("without-key", request);
    Reply withKey = cluster().client().awaitReply("with-key", PATIENCE);
    Reply withoutKey = cluster().client().awaitReply("without-key", PATIENCE);
    await().atMost(Duration.ofSeconds(90)).until(() -> cluster().jobs("gone").isEmpty());
    worker.stop();

    // when
    cluster().client().send("without-key", request);
    cluster().client().markRedelivered();
    cluster().client().sendOnce("key", "with-key-again", request);
    worker.restart();

    // then
    assertThat(cluster().client().awaitReply("with-key-again", PATIENCE)).isEqualTo(withKey);
    await().atMost(PATIENCE).until(() -> cluster().client().replies("without-key").size() == 2);
    assertThat(cluster().client().replies("without-key")).containsOnly(withoutKey);
    assertThat(cluster().jobs("gone")).isEmpty();
  }

  @Test
  void aJobThatEndedLongBeforeTheWorkerIsBackIsAnsweredWithItsWholeLog() throws Exception {
    // given
    WorkerProcess worker = cluster().start().awaitReady();
    cluster().client().send("alone", request("alone", "echo begin; sleep 15; echo end"));
    cluster().awaitRunning("alone");
    cluster().awaitMarkedLog();
    worker.kill();
    List<String> uids =
        cluster().jobs("alone").stream().map(job -> job.getMetadata().getUid()).toList();
    await()
        .atMost(PATIENCE)
        .until(() ->
            cluster().pods("alone").stream()
                .allMatch(pod -> "Succeeded".equals(pod.getStatus().getPhase())));

    // when
    // Not a wait for something to happen: this is how long nobody looks.
    assertThat(new CountDownLatch(1).await(2, TimeUnit.MINUTES)).isFalse();
    worker.restart();

    // then
    Reply reply = cluster().client().awaitReply("alone", PATIENCE);
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    assertThat(reply.log().orElseThrow().complete()).isTrue();
    assertThat(cluster().text(reply)).isEqualTo("begin\nend\n");
    assertThat(cluster().jobs("alone"))
        .extracting(job -> job.getMetadata().getUid())
        .isSubsetOf(uids);
  }
}
