package mstc.cloud.worker.domain.request;

import java.util.List;
import java.util.Map;

/** Requests for tests. */
public final class WorkRequests {
  private WorkRequests() {}

  /** A valid request with nothing but what is required. */
  public static WorkRequestBuilder aWorkRequest() {
    return WorkRequest.builder().image("alpine:3").jobName("solver").inputBucket("inputs");
  }

  /** A valid request with a value of its own in every field. */
  public static WorkRequestBuilder aFullWorkRequest() {
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
