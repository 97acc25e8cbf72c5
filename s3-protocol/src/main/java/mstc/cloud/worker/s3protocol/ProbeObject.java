package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small object that is written to find out something, and removed by {@link #close}.
 *
 * <p>All workers use the same key in a bucket: what one leaves, because it dies or the store goes
 * away, the next one removes. So another worker may remove this one's object at any moment.
 */
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
    location = new ObjectLocation(bucket, ObjectLocation.RESERVED_PREFIX + "probe");
    file = Files.createTempFile("mstc-probe", null);
    Files.write(file, new byte[bytes]);
  }

  /** May be called again. */
  void write() throws IOException {
    put(false);
  }

  /**
   * May be called again.
   *
   * @return false if the server refused it because there is one
   */
  boolean writeIfAbsent() throws IOException {
    try {
      put(true);
      return true;
    } catch (RefusedException e) {
      if (e.status() != 412 && e.status() != 409) {
        throw e;
      }
      isThere = true;
      return false;
    }
  }

  private void put(boolean ifAbsent) throws IOException {
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
