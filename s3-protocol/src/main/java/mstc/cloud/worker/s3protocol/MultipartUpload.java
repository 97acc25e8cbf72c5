package mstc.cloud.worker.s3protocol;

import java.io.IOException;

/**
 * A multipart upload that this process began. For one thread; fails like the methods of {@link
 * S3Requests}.
 */
public interface MultipartUpload {

  /** Sends the next part, which is that section of the file. */
  void uploadPart(FileContent content, long start, long bytes) throws IOException;

  /** Turns the parts that were sent into the object. */
  void complete(boolean ifAbsent);

  /** Ends the upload and removes its parts; gives up after a few seconds. */
  void abort();
}
