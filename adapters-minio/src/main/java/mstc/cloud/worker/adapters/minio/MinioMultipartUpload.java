package mstc.cloud.worker.adapters.minio;

import static mstc.cloud.worker.adapters.minio.MinioAnswers.answerTo;
import static mstc.cloud.worker.adapters.minio.ObjectArguments.at;
import static mstc.cloud.worker.adapters.minio.ObjectArguments.condition;

import io.minio.AbortMultipartUploadArgs;
import io.minio.CompleteMultipartUploadArgs;
import io.minio.MinioAsyncClient;
import io.minio.UploadPartArgs;
import io.minio.messages.Part;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.s3protocol.FileContent;
import mstc.cloud.worker.s3protocol.MultipartUpload;

/** A multipart upload with minio-java. */
final class MinioMultipartUpload implements MultipartUpload {
  private final MinioAsyncClient client;
  private final MinioAsyncClient cleaner;
  private final PartChecksum checksum;
  private final ObjectLocation location;
  private final String id;
  private final List<Part> parts = new ArrayList<>();

  /**
   * @param cleaner a client that gives up a call after a few seconds
   */
  MinioMultipartUpload(
      MinioAsyncClient client,
      MinioAsyncClient cleaner,
      PartChecksum checksum,
      ObjectLocation location,
      String id) {
    this.client = client;
    this.cleaner = cleaner;
    this.checksum = checksum;
    this.location = location;
    this.id = id;
  }

  @Override
  public void uploadPart(FileContent content, long start, long bytes) throws IOException {
    UploadPartArgs part =
        at(UploadPartArgs.builder(), location)
            .uploadId(id)
            .partNumber(parts.size() + 1)
            .headers(checksum.headers(content.channel(), start, bytes))
            .file(content.from(start), bytes)
            .build();
    parts.add(answerTo(() -> client.uploadPart(part)).part());
  }

  @Override
  public void complete(boolean ifAbsent) {
    answerTo(() ->
        client.completeMultipartUpload(
            at(CompleteMultipartUploadArgs.builder(), location)
                .uploadId(id)
                .parts(parts.toArray(Part[]::new))
                .extraHeaders(condition(ifAbsent))
                // The HTTP client has already made its attempts.
                .maxRetries(1)
                .build()));
  }

  @Override
  public void abort() {
    answerTo(() ->
        cleaner.abortMultipartUpload(
            at(AbortMultipartUploadArgs.builder(), location).uploadId(id).build()));
  }
}
