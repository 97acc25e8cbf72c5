package mstc.cloud.worker.domain.request;

import java.util.List;
import java.util.Map;

/**
 * Requests for tests. The test kit has the same for other modules; it is built on this module, so
 * these tests cannot use it.
 */
public final class WorkRequests {
  private WorkRequests() {}

  /** A valid request with nothing but what is required. */
  public static WorkRequest.Builder aWorkRequest() {
    return WorkRequest.builder().image("alpine:3").jobName("solver").inputBucket("inputs");
  }

  /** A valid request with a value of its own in every field. */
  public static WorkRequest.Builder aFullWorkRequest() {
    return aWorkRequest()
        .outputBucket("outputs")
        .timeoutMinutes(90)
        .prefix("runs/42")
        .command(List.of("solve", "--fast"))
        .args(List.of("mesh.msh", "-n", "8"))
        .env(Map.of("THREADS", "8", "EMPTY", ""))
        .cpu("1.5")
        .memory("2Gi")
        .gpu(1)
        .retries(2)
        .labels(Map.of("team", "flow", "example.org/cost-center", "A-7"));
  }
}
