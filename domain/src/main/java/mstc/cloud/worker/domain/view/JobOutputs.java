package mstc.cloud.worker.domain.view;

import java.net.URI;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.request.FilePrefix;
import mstc.cloud.worker.domain.store.BucketName;

/**
 * The objects in a job's output bucket whose keys begin with its prefix, but for its log.
 *
 * @param prefix without one nothing tells the job's objects from others, and there are none here
 * @param objects sorted by name
 * @param more whether there are others
 */
public record JobOutputs(
    BucketName bucket, Optional<FilePrefix> prefix, List<Output> objects, boolean more) {

  public JobOutputs {
    objects = List.copyOf(objects);
  }

  /**
   * One object.
   *
   * @param name in its bucket
   * @param bytes its size
   * @param link lets whoever has it download the object; never shown by {@link #toString()}
   */
  public record Output(String name, long bytes, Optional<URI> link) {
    @Override
    public String toString() {
      return "Output[name=%s, bytes=%d, link=%s]"
          .formatted(name, bytes, link.isPresent() ? "***" : "none");
    }
  }
}
