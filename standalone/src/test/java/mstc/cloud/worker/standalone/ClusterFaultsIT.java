package mstc.cloud.worker.standalone;

import static mstc.cloud.worker.standalone.ClusterWorker.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Workers and ways to the cluster that break lose and repeat nothing. */
@Execution(ExecutionMode.CONCURRENT)
class ClusterFaultsIT extends ClusterScenarios {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** Sent to the store in two parts, and short enough for the node not to rotate its file. */
  private static final int LOG_BYTES = 9_500_000;

  /** How the request begins that makes the log's object of its parts. */
  private static final String COMPLETE_UPLOAD = "POST /scenarios/killed[^?]*[?]uploadId=";

  /** How the requests begin that release a job and that note its answer. */
  private static final String PATCH_JOB = "PATCH /apis/batch/v1/";

  /** The points of a job's life at which its worker is killed. */
  enum Moment {
    DELIVERY,
    CREATE,
    BEFORE_RELEASE,
    MID_RUN,
    POD_END,
    MID_UPLOAD,
    LOG_STORED,
    ANSWER_SENT,
    BEFORE_PATCH,
    ANSWER_NOTED
  }

  @ParameterizedTest
  @EnumSource
  void aWorkerKilledAtAnyMomentLosesAndRepeatsNothing(Moment moment) throws Exception {
    try (TcpProxy proxy = cluster().openProxy();
        TcpProxy store = cluster().openStoreProxy()) {
      // given
      WorkerProcess worker =
          cluster()
              .start(cluster().kubeconfigThrough(proxy), ClusterWorker.storeThrough(store))
              .awaitReady();
      proxy.refuse(moment == Moment.BEFORE_RELEASE ? PATCH_JOB : null);
      store.refuse(moment == Moment.MID_UPLOAD ? COMPLETE_UPLOAD : null);
      String script =
          switch (moment) {
            case MID_UPLOAD -> "yes %s | head -c %d".formatted("x".repeat(999), LOG_BYTES);
            // Long enough to be seen running.
            case MID_RUN -> "echo begin; sleep 15; echo end";
            default -> "echo begin; sleep 3; echo end";
          };
      Set<String> uids = ConcurrentHashMap.newKeySet();

      // when
      cluster().client().sendOnce("once", "once", request("killed", script));
      await()
          .alias(moment.toString())
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(5))
          .until(has(moment, uids, proxy, store));
      worker.kill();
      proxy.refuse(null);
      store.refuse(null);
      worker.restart();

      // then
      Reply reply = cluster().client().awaitReply("once", PATIENCE);
      uids.addAll(uidsOfJobs());
      assertThat(uids).hasSizeLessThanOrEqualTo(1);
      assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
      assertThat(reply.log().orElseThrow().complete()).isTrue();
      if (moment == Moment.MID_UPLOAD) {
        assertThat(cluster().log(reply)).hasSize(LOG_BYTES);
      } else {
        assertThat(cluster().text(reply)).isEqualTo("begin\nend\n");
      }
      // The same key, sent again, whether its Job is still there or only its log.
      worker.awaitReady();
      cluster().client().sendOnce("once", "again", request("killed", script));
      assertThat(cluster().client().awaitReply("again", PATIENCE)).isEqualTo(reply);
      assertThat(cluster().client().replies("once")).allMatch(reply::equals);
      uids.addAll(uidsOfJobs());
      assertThat(uids).hasSizeLessThanOrEqualTo(1);
    }
  }

  private List<String> uidsOfJobs() {
    return cluster().jobs("killed").stream().map(job -> job.getMetadata().getUid()).toList();
  }

  private Callable<Boolean> has(Moment moment, Set<String> uids, TcpProxy proxy, TcpProxy store) {
    return () -> {
      uids.addAll(uidsOfJobs());
      return switch (moment) {
        case DELIVERY -> true;
        case CREATE -> !uids.isEmpty();
        case BEFORE_RELEASE -> patches(proxy) > 0;
        case MID_RUN -> podIs("Running") && cluster().hasMarkedLog();
        case POD_END -> podIs("Succeeded");
        case MID_UPLOAD -> isUploaded(store);
        case LOG_STORED -> isStored();
        case ANSWER_SENT -> !cluster().client().replies("once").isEmpty();
        case BEFORE_PATCH -> {
          if (podIs("Running")) {
            proxy.refuse(PATCH_JOB);
          }
          yield patches(proxy) > 1;
        }
        case ANSWER_NOTED ->
            cluster().jobs("killed").stream()
                .anyMatch(job -> job.getMetadata().getAnnotations().containsKey("mstc/answered"));
      };
    };
  }

  private static long patches(TcpProxy proxy) {
    return proxy.requests().stream().filter(request -> request.startsWith(PATCH_JOB)).count();
  }

  private boolean podIs(String phase) {
    return cluster().pods("killed").stream()
        .map(Pod::getStatus)
        .anyMatch(status -> phase.equals(status.getPhase()));
  }

  /** Whether all parts of the log are in the store, and no object is yet. */
  private static boolean isUploaded(TcpProxy store) {
    Pattern complete = Pattern.compile(COMPLETE_UPLOAD);
    return store.requests().stream().anyMatch(request -> complete.matcher(request).lookingAt());
  }

  private boolean isStored() {
    return !cluster().store().list(new BucketName("scenarios"), "").isEmpty();
  }

  @Test
  void jobsAreAnsweredWhenTheClusterIsBack() throws Exception {
    // given
    URI api = cluster().admin().getMasterUrl().toURI();
    try (TcpProxy proxy = new TcpProxy(api)) {
      String direct = Files.readString(cluster().cluster().kubeconfig());
      Path kubeconfig =
          Files.writeString(
              folder.resolve("proxied"),
              direct
                  .replaceAll("server: .*", "server: https://127.0.0.1:" + proxy.port())
                  .replace(
                      "server:",
                      "tls-server-name: \"%s\"\n      server:".formatted(api.getHost())));
      cluster().start(kubeconfig, "mstc.jobs.max-concurrent=20").awaitReady();
      List<String> ids = IntStream.range(0, 20).mapToObj(i -> "away-" + i).toList();
      for (String id : ids) {
        cluster().client().send(id, request("away", "echo begin; sleep 20; echo end"));
      }
      await().atMost(PATIENCE).until(() -> cluster().jobs("away").size() == 20);
      Set<String> uids = new HashSet<>();
      cluster().jobs("away").forEach(job -> uids.add(job.getMetadata().getUid()));

      // when
      List<String> late = List.of("late-1", "late-2");
      takeAwayWhileSending(proxy, late);
      cluster().client().awaitReplies(ids, PATIENCE);
      cluster().client().awaitReplies(late, PATIENCE);
      List<String> idle = List.of("idle-1", "idle-2");
      takeAwayWhileSending(proxy, idle);
      cluster().client().awaitReplies(idle, PATIENCE);

      // then
      for (String id : ids) {
        Reply reply = cluster().client().replies(id).getFirst();
        assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
        assertThat(cluster().text(reply)).isEqualTo("begin\nend\n");
        assertThat(cluster().client().replies(id)).hasSize(1);
      }
      for (String id : idle) {
        assertThat(cluster().client().replies(id))
            .extracting(Reply::outcome)
            .containsExactly(JobOutcome.Kind.SUCCEEDED);
      }
      assertThat(cluster().jobs("away")).allMatch(job -> uids.contains(job.getMetadata().getUid()));
    }
  }

  /** The cluster is away for a minute, in which requests come. */
  private void takeAwayWhileSending(TcpProxy proxy, List<String> ids) throws Exception {
    proxy.cut();
    for (String id : ids) {
      cluster().client().send(id, request("late", "echo late"));
    }
    // Not a wait for something to happen: this is how long the cluster is away.
    assertThat(new CountDownLatch(1).await(60, TimeUnit.SECONDS)).isFalse();
    proxy.mend();
  }
}
