package mstc.cloud.worker.domain.job;

import java.util.List;
import mstc.cloud.worker.domain.request.RequestDigest;
import mstc.cloud.worker.domain.request.Work;
import mstc.cloud.worker.domain.store.ObjectLocation;

/**
 * One piece of work to be done once.
 *
 * @param warnings what the client is told besides the outcome
 */
public record Job(UniqueName name, Work work, List<String> warnings) {
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
        work.outputBucket(), work.prefix().map(prefix -> prefix + "-" + object).orElse(object));
  }

  public RequestDigest digest() {
    return work.digest();
  }
}
