package mstc.cloud.worker.adapters.s3;

import static mstc.cloud.worker.adapters.s3.AwsAnswers.answerTo;

import java.util.ArrayList;
import java.util.List;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.s3protocol.FileContent;
import mstc.cloud.worker.s3protocol.MultipartUpload;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/** A multipart upload with the AWS SDK. */
final class AwsMultipartUpload implements MultipartUpload {
  private static final String CONTENT_TYPE = "application/octet-stream";

  private final S3Client client;
  private final AttemptTimeouts timeouts;
  private final boolean checksums;
  private final ObjectLocation location;
  private final String id;
  private final List<CompletedPart> parts = new ArrayList<>();

  AwsMultipartUpload(
      S3Client client,
      AttemptTimeouts timeouts,
      boolean checksums,
      ObjectLocation location,
      String id) {
    this.client = client;
    this.timeouts = timeouts;
    this.checksums = checksums;
    this.location = location;
    this.id = id;
  }

  @Override
  public void uploadPart(FileContent content, long start, long bytes) {
    int number = parts.size() + 1;
    UploadPartRequest.Builder request =
        UploadPartRequest.builder()
            .bucket(location.bucket().value())
            .key(location.key())
            .uploadId(id)
            .partNumber(number)
            .overrideConfiguration(timeouts.toSend(bytes));
    if (checksums) {
      request.checksumAlgorithm(ChecksumAlgorithm.CRC32);
    }
    FilePart part = new FilePart(content.channel(), start, bytes);
    UploadPartResponse response =
        answerTo(() -> client.uploadPart(request.build(), part.body(CONTENT_TYPE)));
    parts.add(
        CompletedPart.builder()
            .partNumber(number)
            .eTag(response.eTag())
            .checksumCRC32(response.checksumCRC32())
            .build());
  }

  @Override
  public void complete(boolean ifAbsent) {
    CompleteMultipartUploadRequest.Builder request =
        CompleteMultipartUploadRequest.builder()
            .bucket(location.bucket().value())
            .key(location.key())
            .uploadId(id)
            .multipartUpload(all -> all.parts(parts))
            .overrideConfiguration(timeouts.toCompleteAnUpload());
    if (ifAbsent) {
      request.ifNoneMatch("*");
    }
    answerTo(() -> client.completeMultipartUpload(request.build()));
  }

  @Override
  public void abort() {
    answerTo(() ->
        client.abortMultipartUpload(request ->
            request
                .bucket(location.bucket().value())
                .key(location.key())
                .uploadId(id)
                .overrideConfiguration(timeouts.toCleanUp())));
  }
}
