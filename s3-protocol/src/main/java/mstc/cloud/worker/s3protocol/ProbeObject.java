package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A small object that is written to find out something, and removed by {@link #close}. */
final class ProbeObject implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ProbeObject.class);
  private static final ObjectAttributes TEXT = ObjectAttributes.ofType("text/plain");

  private final S3Requests requests;
  private final ObjectLocation location;
  private final Path file;
  private boolean isThere;

  /** Makes no request yet. */
  ProbeObject(S3Requests requests, BucketName bucket, int bytes) throws IOException {
    this.requests = requests;
    location =
        new ObjectLocation(bucket, ObjectLocation.RESERVED_PREFIX + "probe-" + UUID.randomUUID());
    file = Files.createTempFile("mstc-probe", null);
    Files.write(file, new byte[bytes]);
  }

  /** May be called again. */
  void write(boolean ifAbsent) throws IOException {
    try (FileContent content = FileContent.open(location, file)) {
      requests.putObject(location, content, TEXT, ifAbsent);
      isThere = true;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      if (isThere) {
        requests.deleteObject(location);
      }
    } catch (RefusedException e) {
      LOG.debug("The probe stays until a rule of the bucket removes it object={}", location, e);
    } finally {
      Files.delete(file);
    }
  }
}
