package mstc.cloud.worker.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.InputStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import org.gaul.s3proxy.blobstore.domain.MultipartUpload;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CopyObjectRequest;
import software.amazon.awssdk.services.s3.model.CopyObjectResponse;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.GetObjectAclRequest;
import software.amazon.awssdk.services.s3.model.GetObjectAclResponse;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.ObjectCannedACL;
import software.amazon.awssdk.services.s3.model.Part;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * Gives every key that S3 allows a file of its own ({@link FileName}), and lists by keys.
 *
 * <p>The order of files is not that of their keys, so the store is asked for all files below a
 * prefix, which it reads for every page anyway, and the page is cut here.
 */
final class KeysAsFiles extends ForwardingBlobStore {
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
  private static final int LONGEST_KEY_BYTES = 1024;

  private static final Comparator<String> IN_BYTES =
      Comparator.comparing(name -> name.getBytes(UTF_8), Arrays::compareUnsigned);

  KeysAsFiles(BlobStore delegate) {
    super(delegate);
  }

  @Override
  public ListObjectsV2Response list(ListObjectsV2Request request) {
    String prefix = Objects.requireNonNullElse(request.prefix(), "");
    String delimiter = Objects.requireNonNullElse(request.delimiter(), "");
    String after =
        Optional.ofNullable(request.continuationToken())
            .or(() -> Optional.ofNullable(request.startAfter()))
            .orElse("");
    ListObjectsV2Response files =
        super.list(
            ListObjectsV2Request.builder()
                .bucket(request.bucket())
                .prefix(FileName.ofPrefix(prefix))
                .build());
    // By key, or by common prefix; those have no object.
    var found = new TreeMap<String, Optional<S3Object>>(IN_BYTES);
    for (S3Object file : files.contents()) {
      String key = FileName.toKey(file.key());
      if (key.startsWith(prefix)) {
        int end = delimiter.isEmpty() ? -1 : key.indexOf(delimiter, prefix.length());
        if (end < 0) {
          found.put(key, Optional.of(file.toBuilder().key(key).build()));
        } else {
          found.put(key.substring(0, end + delimiter.length()), Optional.empty());
        }
      }
    }
    List<String> rest = List.copyOf(found.tailMap(after, false).keySet());
    int size = request.maxKeys() == null ? rest.size() : Math.min(rest.size(), request.maxKeys());
    List<String> page = rest.subList(0, size);
    String next = size > 0 && size < rest.size() ? page.getLast() : null;
    return files.toBuilder()
        .contents(
            page.stream()
                .flatMap(name -> Objects.requireNonNull(found.get(name)).stream())
                .toList())
        .commonPrefixes(
            page.stream()
                .filter(name -> Objects.requireNonNull(found.get(name)).isEmpty())
                .map(name -> CommonPrefix.builder().prefix(name).build())
                .toList())
        .isTruncated(next != null)
        .nextContinuationToken(next)
        .build();
  }

  @Override
  public boolean blobExists(String bucket, String key) {
    return super.blobExists(bucket, FileName.ofKey(key));
  }

  @Override
  public @Nullable HeadObjectResponse blobMetadata(HeadObjectRequest request) {
    return super.blobMetadata(request.toBuilder().key(FileName.ofKey(request.key())).build());
  }

  @Override
  public @Nullable ResponseInputStream<GetObjectResponse> getBlob(GetObjectRequest request) {
    return super.getBlob(request.toBuilder().key(FileName.ofKey(request.key())).build());
  }

  @Override
  public PutObjectResponse putBlob(PutObjectRequest request, InputStream content) {
    return super.putBlob(request.toBuilder().key(fileToWrite(request.key())).build(), content);
  }

  @Override
  public CopyObjectResponse copyBlob(CopyObjectRequest request) {
    return super.copyBlob(
        request.toBuilder()
            .sourceKey(FileName.ofKey(request.sourceKey()))
            .destinationKey(fileToWrite(request.destinationKey()))
            .build());
  }

  @Override
  public DeleteObjectResponse removeBlob(DeleteObjectRequest request) {
    return super.removeBlob(request.toBuilder().key(FileName.ofKey(request.key())).build());
  }

  @Override
  public ObjectCannedACL getBlobAccess(String bucket, String key) {
    return super.getBlobAccess(bucket, FileName.ofKey(key));
  }

  @Override
  public ObjectCannedACL getBlobAccess(String bucket, String key, @Nullable String version) {
    return super.getBlobAccess(bucket, FileName.ofKey(key), version);
  }

  @Override
  public GetObjectAclResponse getBlobAcl(GetObjectAclRequest request) {
    return super.getBlobAcl(request.toBuilder().key(FileName.ofKey(request.key())).build());
  }

  @Override
  public void setBlobAccess(String bucket, String key, ObjectCannedACL access) {
    super.setBlobAccess(bucket, FileName.ofKey(key), access);
  }

  @Override
  public void setBlobAccess(
      String bucket, String key, ObjectCannedACL access, @Nullable String version) {
    super.setBlobAccess(bucket, FileName.ofKey(key), access, version);
  }

  @Override
  public MultipartUpload initiateMultipartUpload(CreateMultipartUploadRequest request) {
    MultipartUpload upload =
        super.initiateMultipartUpload(request.toBuilder().key(fileToWrite(request.key())).build());
    return new MultipartUpload(upload.id(), request, upload.response());
  }

  @Override
  public void abortMultipartUpload(MultipartUpload upload) {
    super.abortMultipartUpload(asFile(upload));
  }

  @Override
  public CompleteMultipartUploadResponse completeMultipartUpload(
      MultipartUpload upload, CompleteMultipartUploadRequest request) {
    return super.completeMultipartUpload(
        asFile(upload), request.toBuilder().key(FileName.ofKey(request.key())).build());
  }

  @Override
  public UploadPartResponse uploadMultipartPart(
      MultipartUpload upload, UploadPartRequest request, InputStream content) {
    return super.uploadMultipartPart(
        asFile(upload), request.toBuilder().key(FileName.ofKey(request.key())).build(), content);
  }

  @Override
  public List<Part> listMultipartUpload(MultipartUpload upload) {
    return super.listMultipartUpload(asFile(upload));
  }

  @Override
  public List<software.amazon.awssdk.services.s3.model.MultipartUpload> listMultipartUploads(
      String bucket) {
    return super.listMultipartUploads(bucket).stream()
        .map(upload -> upload.toBuilder().key(FileName.toKey(upload.key())).build())
        .toList();
  }

  private static MultipartUpload asFile(MultipartUpload upload) {
    return new MultipartUpload(
        upload.id(),
        upload.request().toBuilder().key(FileName.ofKey(upload.blobName())).build(),
        upload.response());
  }

  private static String fileToWrite(String key) {
    if (key.getBytes(UTF_8).length > LONGEST_KEY_BYTES) {
      throw Refusals.of(400, "KeyTooLongError", "Your key is too long.");
    }
    return FileName.ofKey(key);
  }
}
