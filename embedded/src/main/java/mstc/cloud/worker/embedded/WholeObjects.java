package mstc.cloud.worker.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.InputStream;
import java.util.Map;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import org.gaul.s3proxy.blobstore.domain.MultipartUpload;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * Lists only objects that were written to their end, accepts only metadata that can be kept, and
 * keeps no part of an upload that was ended.
 *
 * <p>The store writes an object to a file beside its place, {@code <key>-<uuid>}, and moves it when
 * it is complete. A listing would show that file as an object, and permanently once the process was
 * killed. Such a file has no ETag yet, which every object has.
 *
 * <p>Metadata for which the file system has no room would be dropped silently; S3's own limit is
 * below that of ext4.
 *
 * <p>The store accepts a part without checking whether its upload still exists. One that arrives
 * when the upload has been ended would stay permanently, as no list of uploads shows it.
 */
final class WholeObjects extends ForwardingBlobStore {
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
  private static final int LARGEST_METADATA_BYTES = 2 * 1024;

  WholeObjects(BlobStore delegate) {
    super(delegate);
  }

  /** May give fewer keys than requested although more follow, as S3 may. */
  @Override
  public ListObjectsV2Response list(ListObjectsV2Request request) {
    ListObjectsV2Response page = super.list(request);
    return page.toBuilder()
        .contents(page.contents().stream().filter(object -> object.eTag() != null).toList())
        .build();
  }

  @Override
  public PutObjectResponse putBlob(PutObjectRequest request, InputStream content) {
    requireRoom(request.metadata());
    return super.putBlob(request, content);
  }

  @Override
  public MultipartUpload initiateMultipartUpload(CreateMultipartUploadRequest request) {
    requireRoom(request.metadata());
    return super.initiateMultipartUpload(request);
  }

  @Override
  public UploadPartResponse uploadMultipartPart(
      MultipartUpload upload, UploadPartRequest request, InputStream content) {
    UploadPartResponse response = super.uploadMultipartPart(upload, request, content);
    // Only afterwards, as it may be ended meanwhile.
    boolean ended =
        listMultipartUploads(upload.containerName()).stream()
            .noneMatch(open -> open.uploadId().equals(upload.id()));
    if (ended) {
      super.abortMultipartUpload(upload);
      throw Refusals.of(404, "NoSuchUpload", "The upload was completed or ended.");
    }
    return response;
  }

  @Override
  public void abortMultipartUpload(MultipartUpload upload) {
    super.abortMultipartUpload(upload);
    // What arrived after the first look for parts and before the upload's end.
    super.abortMultipartUpload(upload);
  }

  private static void requireRoom(Map<String, String> metadata) {
    int bytes =
        metadata.entrySet().stream()
            .mapToInt(entry ->
                entry.getKey().getBytes(UTF_8).length + entry.getValue().getBytes(UTF_8).length)
            .sum();
    if (bytes > LARGEST_METADATA_BYTES) {
      throw Refusals.of(
          400,
          "MetadataTooLarge",
          "Your metadata headers exceed the maximum allowed metadata size.");
    }
  }
}
