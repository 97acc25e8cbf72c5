package mstc.cloud.worker.domain.job;

import java.util.List;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.store.ObjectLocation;

/**
 * One request to be run once.
 *
 * @param warnings what the client is to be told beside the outcome
 */
public record Job(UniqueName name, WorkRequest request, List<String> warnings) {
  public Job {
    warnings = List.copyOf(warnings);
  }

  /**
   * Where the job's log goes: {@code <unique name>.log}, or {@code <prefix>-<unique name>.log}, in
   * the output bucket.
   */
  public ObjectLocation logLocation() {
    String object = name + ".log";
    return new ObjectLocation(
        request.outputBucket(),
        request.prefix().map(prefix -> prefix + "-" + object).orElse(object));
  }

  /** The digest of the request. */
  public RequestDigest digest() {
    return RequestDigest.of(request);
  }
}
