package mstc.cloud.worker.domain.request;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import mstc.cloud.worker.domain.store.BucketName;

/**
 * Work that a container does: everything that a container runtime has to know about it.
 *
 * <p>Names and values are those that all container runtimes know. A runtime refuses what it cannot
 * take, such as a label that Kubernetes does not allow. The variables that the worker sets for
 * every job cannot be changed by {@link #env}.
 */
public interface ContainerWork extends Work {

  /** The image to run. */
  ImageReference image();

  /** Replaces the image's entry point; empty means the image's own. */
  default List<String> command() {
    return List.of();
  }

  /** Replaces the image's arguments; empty means the image's own. */
  default List<String> args() {
    return List.of();
  }

  /** Further environment variables of the job. */
  default SortedMap<String, String> env() {
    return Collections.emptySortedMap();
  }

  /** What the job may use. */
  default Resources resources() {
    return Resources.UNSPECIFIED;
  }

  /** The time after which the job is ended. */
  Duration timeout();

  /** How often a failed attempt is repeated, 0 or more. */
  default int retries() {
    return 0;
  }

  /** Further labels of the job, if the runtime knows labels. */
  default SortedMap<String, String> labels() {
    return Collections.emptySortedMap();
  }

  /** Where the job finds its inputs; by default the output bucket. */
  default BucketName inputBucket() {
    return outputBucket();
  }

  @Override
  default String description() {
    return "image %s, timeout %d min".formatted(image(), timeout().toMinutes());
  }

  /**
   * The work as container work.
   *
   * @throws IllegalArgumentException if it is not container work
   */
  static ContainerWork of(Work work) {
    if (work instanceof ContainerWork containerWork) {
      return containerWork;
    }
    throw new IllegalArgumentException(
        "this runtime runs containers, and knows of none for: " + work.description());
  }
}
