package mstc.cloud.worker.examples.render;

import java.time.Duration;
import java.util.List;
import mstc.cloud.worker.domain.FieldHash;
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.ImageReference;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.request.RequestDigest;
import mstc.cloud.worker.domain.store.BucketName;

/**
 * Frames of a scene to be rendered, each as one image.
 *
 * @param jobName the scene
 * @param outputBucket where the images and the log go
 */
record FrameRequest(JobName jobName, int firstFrame, int lastFrame, BucketName outputBucket)
    implements ContainerWork {
  static final ImageReference RENDERER = new ImageReference("render-worker:1");

  FrameRequest {
    if (firstFrame < 1 || lastFrame < firstFrame || lastFrame > 99_999) {
      throw new InvalidValueException(
          firstFrame + " to " + lastFrame, "firstFrame to lastFrame, within 1 to 99999");
    }
  }

  @Override
  public RequestDigest digest() {
    FieldHash hash = new FieldHash();
    hash.texts(args());
    hash.text(outputBucket.value());
    return RequestDigest.of(hash);
  }

  @Override
  public ImageReference image() {
    return RENDERER;
  }

  @Override
  public List<String> args() {
    return List.of(jobName.value(), Integer.toString(firstFrame), Integer.toString(lastFrame));
  }

  @Override
  public Duration timeout() {
    return Duration.ofHours(1);
  }
}
