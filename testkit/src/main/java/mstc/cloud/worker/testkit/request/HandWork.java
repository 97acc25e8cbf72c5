package mstc.cloud.worker.testkit.request;

import java.util.Optional;
import mstc.cloud.worker.domain.FieldHash;
import mstc.cloud.worker.domain.request.FilePrefix;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.request.RequestDigest;
import mstc.cloud.worker.domain.request.Work;
import mstc.cloud.worker.domain.store.BucketName;

/** Work for tests that is not a container's. */
public record HandWork(JobName jobName, BucketName outputBucket, Optional<FilePrefix> prefix)
    implements Work {

  /** Called {@code saw}, with its log in {@code results}. */
  public HandWork() {
    this(new JobName("saw"), new BucketName("results"), Optional.empty());
  }

  @Override
  public RequestDigest digest() {
    FieldHash hash = new FieldHash();
    hash.text(jobName.value());
    hash.text(outputBucket.value());
    hash.optional(prefix.map(FilePrefix::value));
    return RequestDigest.of(hash);
  }

  @Override
  public String description() {
    return "by hand";
  }
}
