package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.nio.file.Path;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.PutResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends files, whole or in parts; if wanted, only if there is no such object. */
final class ObjectWriter {
  private static final Logger LOG = LoggerFactory.getLogger(ObjectWriter.class);

  private final S3Requests requests;
  private final UnfinishedUploads unfinishedUploads;
  private final boolean createBuckets;

  /** Until the server responds to such a write with "not implemented". */
  private volatile boolean conditionalWrites = true;

  ObjectWriter(S3Requests requests, UnfinishedUploads unfinishedUploads, boolean createBuckets) {
    this.requests = requests;
    this.unfinishedUploads = unfinishedUploads;
    this.createBuckets = createBuckets;
  }

  PutResult put(ObjectLocation location, Path file, ObjectAttributes attributes)
      throws IOException {
    write(location, file, attributes, false);
    return PutResult.STORED;
  }

  /**
   * Always looks for the object first. That saves sending the file, and protects the object on
   * servers that ignore the condition of a conditional write.
   */
  PutResult putIfAbsent(ObjectLocation location, Path file, ObjectAttributes attributes)
      throws IOException {
    return isThere(location)
        ? PutResult.ALREADY_EXISTS
        : writeIfAbsent(location, file, attributes, conditionalWrites);
  }

  private boolean isThere(ObjectLocation location) throws IOException {
    return StoreCall.unlessMissing(() -> requests.headObject(location)).isPresent();
  }

  private PutResult writeIfAbsent(
      ObjectLocation location, Path file, ObjectAttributes attributes, boolean conditional)
      throws IOException {
    try {
      write(location, file, attributes, conditional);
      return PutResult.STORED;
    } catch (RefusedException e) {
      if (!conditional) {
        throw e;
      }
      return switch (e.status()) {
        case 412 -> PutResult.ALREADY_EXISTS;
        case 409 -> {
          // Another conditional write of this object was in progress; see whether it succeeded.
          if (!isThere(location)) {
            throw e;
          }
          yield PutResult.ALREADY_EXISTS;
        }
        case 501 -> {
          conditionalWrites = false;
          LOG.warn(
              "The object store knows no conditional writes, objects are looked for before they"
                  + " are written, reason=\"{}\"",
              e.getMessage());
          yield put(location, file, attributes);
        }
        default -> throw e;
      };
    }
  }

  private void write(
      ObjectLocation location, Path file, ObjectAttributes attributes, boolean ifAbsent)
      throws IOException {
    try (FileContent content = FileContent.open(location, file)) {
      try {
        send(location, content, attributes, ifAbsent);
      } catch (RefusedException e) {
        if (!createBuckets || !e.code().equals("NoSuchBucket")) {
          throw e;
        }
        createBucket(location.bucket());
        send(location, content, attributes, ifAbsent);
      }
    }
  }

  private void createBucket(BucketName bucket) {
    try {
      requests.createBucket(bucket);
      LOG.info("Created a bucket bucket={}", bucket);
    } catch (RefusedException e) {
      // 409: someone else is creating it or has just done so; the following write will tell.
      if (e.status() != 409) {
        throw e;
      }
    }
  }

  private void send(
      ObjectLocation location, FileContent content, ObjectAttributes attributes, boolean ifAbsent)
      throws IOException {
    if (content.bytes() > PartSize.SMALLEST_BYTES) {
      sendInParts(location, content, attributes, ifAbsent);
    } else {
      requests.putObject(location, content, attributes, ifAbsent);
    }
  }

  private void sendInParts(
      ObjectLocation location, FileContent content, ObjectAttributes attributes, boolean ifAbsent)
      throws IOException {
    unfinishedUploads.endIfAllowed(location);
    MultipartUpload upload = requests.createMultipartUpload(location, attributes);
    try {
      long partBytes = PartSize.forFileOf(content.bytes());
      for (long start = 0; start < content.bytes(); start += partBytes) {
        upload.uploadPart(content, start, Math.min(partBytes, content.bytes() - start));
      }
      upload.complete(ifAbsent);
    } catch (IOException | RuntimeException | Error e) {
      abort(upload, e);
      throw e;
    }
  }

  private static void abort(MultipartUpload upload, Throwable failure) {
    // Cleaning up needs a request, which an interrupted thread could not make.
    boolean interrupted = Thread.interrupted();
    try {
      upload.abort();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
