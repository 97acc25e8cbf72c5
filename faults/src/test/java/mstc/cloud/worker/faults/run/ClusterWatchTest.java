package mstc.cloud.worker.faults.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.OptionalInt;
import mstc.cloud.worker.faults.history.Event.JobSeen;
import mstc.cloud.worker.faults.history.Event.PodSeen;
import org.junit.jupiter.api.Test;

/** Of Jobs and pods is noted what the checker asks for. */
class ClusterWatchTest {

  private static Pod pod(String status) {
    return Serialization.unmarshal(
        """
        metadata:
          name: r1-job-x
          uid: pod
          labels: {app.kubernetes.io/name: r1}
          ownerReferences: [{apiVersion: batch/v1, kind: Job, name: r1-job, uid: job}]
        """
            + status,
        Pod.class);
  }

  @Test
  void aPodThatRunsHasStarted() {
    PodSeen seen =
        ClusterWatch.pod(
            pod(
                """
                status:
                  phase: Running
                  containerStatuses:
                    - name: r1
                      state: {running: {startedAt: "2026-11-01T12:00:00Z"}}
                """),
            false);

    assertThat(seen.request()).isEqualTo("r1");
    assertThat(seen.jobUid()).isEqualTo("job");
    assertThat(seen.startedAt()).contains(Instant.parse("2026-11-01T12:00:00Z"));
    assertThat(seen.finishedAt()).isEmpty();
    assertThat(seen.exitCode()).isEmpty();
  }

  @Test
  void aPodThatWasEvictedHasEnded() {
    PodSeen seen =
        ClusterWatch.pod(
            pod(
                """
                status:
                  phase: Failed
                  reason: Evicted
                  conditions: [{type: DisruptionTarget, status: "True"}]
                  containerStatuses:
                    - name: r1
                      state:
                        terminated:
                          exitCode: 143
                          startedAt: "2026-11-01T12:00:00Z"
                          finishedAt: "2026-11-01T12:00:07Z"
                """),
            true);

    assertThat(seen.reason()).contains("Evicted");
    assertThat(seen.finishedAt()).contains(Instant.parse("2026-11-01T12:00:07Z"));
    assertThat(seen.exitCode()).isEqualTo(OptionalInt.of(143));
    assertThat(seen.disrupted()).isTrue();
    assertThat(seen.gone()).isTrue();
  }

  @Test
  void aContainerThatCouldNotStartHasNotRun() {
    PodSeen seen =
        ClusterWatch.pod(
            pod(
                """
                status:
                  phase: Failed
                  containerStatuses:
                    - name: r1
                      state:
                        terminated:
                          exitCode: 128
                          startedAt: "1970-01-01T00:00:00Z"
                          finishedAt: "2026-11-01T12:00:07Z"
                """),
            false);

    assertThat(seen.startedAt()).isEmpty();
  }

  @Test
  void aPodThatWaitsHasNotStarted() {
    assertThat(ClusterWatch.pod(pod("status: {phase: Pending}"), false).startedAt()).isEmpty();
  }

  @Test
  void aJobTellsWhetherItIsAnsweredAndEnded() {
    Job job =
        Serialization.unmarshal(
            """
            metadata:
              name: r1-job
              uid: job
              labels: {app.kubernetes.io/name: r1}
              annotations: {mstc/answered: "{}"}
            spec: {suspend: true}
            status:
              conditions: [{type: Complete, status: "True"}]
            """,
            Job.class);

    JobSeen seen = ClusterWatch.job(job, false);

    assertThat(seen.answered()).isTrue();
    assertThat(seen.ended()).isTrue();
    assertThat(seen.suspended()).isTrue();
    assertThat(seen.gone()).isFalse();
  }
}
