package mstc.cloud.worker.domain.request;

import java.util.Optional;
import mstc.cloud.worker.domain.store.BucketName;

/**
 * What a client asks for, as far as the worker itself has to know it: its name, whether it is the
 * same as other work, and where its log goes. What a runtime needs to run it is in a wider
 * interface, such as {@link ContainerWork}.
 *
 * <p>Implementations are immutable, and equal if they ask for the same.
 */
public interface Work {

  /** The first part of the job's unique name. */
  JobName jobName();

  /**
   * The digest of everything that is asked for. It must be the same in every version of the worker,
   * because it recognises a request that is sent again after an upgrade.
   */
  RequestDigest digest();

  /** Where the job and the worker put what they produce. */
  BucketName outputBucket();

  /** What the names of the job's objects begin with. */
  default Optional<FilePrefix> prefix() {
    return Optional.empty();
  }

  /** What is asked for, in a few words of printable text for the worker's log. */
  String description();
}
