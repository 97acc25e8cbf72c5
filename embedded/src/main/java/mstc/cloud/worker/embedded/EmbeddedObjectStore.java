package mstc.cloud.worker.embedded;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.gaul.s3proxy.BlobStores;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An S3 server (S3Proxy) in this process that keeps each bucket as a folder and each object as a
 * file, whose name is mostly that of the object ({@link FileName}).
 *
 * <p>An object appears as a whole or not at all, even if the process is killed meanwhile. What was
 * acknowledged is on the file system, though not necessarily on the disk when the power fails.
 * {@code If-None-Match: *} works for simple and for multipart uploads, and is decided by the file
 * system: of two writers at once, one gets 412.
 *
 * <p>Metadata is kept in extended attributes of the files, so the folder must be on a file system
 * that has them. Where the file system ignores case, keys do too.
 *
 * <p>A request that is signed together with its body (as minio-java does over http, in parts of 5
 * MiB) is held in memory, and refused beyond a quarter of the heap or 128 MiB.
 */
public final class EmbeddedObjectStore implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedObjectStore.class);
  private static final String NAME = "S3 server";
  private static final long LARGEST_BUFFERED_BYTES = 128L * 1024 * 1024;
  private static final int THREADS = 64;

  private final S3Proxy proxy;
  private final URI endpoint;
  private final FolderLock folderLock;
  private final AtomicBoolean closed = new AtomicBoolean();

  private EmbeddedObjectStore(S3Proxy proxy, URI endpoint, FolderLock folderLock) {
    this.proxy = proxy;
    this.endpoint = endpoint;
    this.folderLock = folderLock;
  }

  /**
   * Starts a server and returns once it accepts requests.
   *
   * @throws PortInUseException when something else listens on the port
   * @throws EmbeddedServerException when the folder is not writable, in use by another server or
   *     without extended attributes, or the server cannot be started
   */
  public static EmbeddedObjectStore start(ObjectStoreSettings settings) {
    Ports.requireFree(NAME, settings.host(), settings.port());
    FolderLock folderLock = FolderLock.of(NAME, settings.folder());
    try {
      return start(settings, folderLock);
    } catch (RuntimeException e) {
      folderLock.close();
      throw e;
    }
  }

  private static EmbeddedObjectStore start(ObjectStoreSettings settings, FolderLock folderLock) {
    Instant startedAt = Instant.now();
    Path buckets = settings.folder().toAbsolutePath().resolve("buckets");
    requireExtendedAttributes(settings.folder());
    moveOver(buckets);
    S3Proxy proxy = proxy(settings, buckets);
    try {
      proxy.start();
    } catch (Exception e) {
      if (Ports.isInUse(e)) {
        throw new PortInUseException(NAME, settings.host(), settings.port(), e);
      }
      throw new EmbeddedServerException("The embedded S3 server cannot start: " + e, e);
    }
    Thread.ofVirtual()
        .name("embedded-s3-leftovers")
        .start(() -> Leftovers.remove(buckets, startedAt));
    var store =
        new EmbeddedObjectStore(proxy, Ports.http(settings.host(), proxy.getPort()), folderLock);
    LOG.info("Embedded S3 server started endpoint={} folder={}", store.endpoint, settings.folder());
    String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
    if (!namesAllObjects(encoding)) {
      LOG.warn(
          "Objects with other than ASCII letters in their names are refused, as files cannot be named"
              + " so; set LC_ALL=C.UTF-8 in the environment, encoding={}",
          encoding);
    }
    return store;
  }

  private static S3Proxy proxy(ObjectStoreSettings settings, Path buckets) {
    var properties = new Properties();
    properties.setProperty("jclouds.filesystem.basedir", buckets.toString());
    return S3Proxy.builder()
        .blobStore(
            new WholeObjects(new KeysAsFiles(BlobStores.create("filesystem-nio2", properties))))
        .endpoint(Ports.http(settings.host(), settings.port()))
        .awsAuthentication(
            AuthenticationType.AWS_V2_OR_V4, settings.accessKey(), settings.secretKey())
        .v4MaxNonChunkedRequestSize(
            Math.min(LARGEST_BUFFERED_BYTES, Runtime.getRuntime().maxMemory() / 4))
        .jettyMaxThreads(THREADS)
        // As S3 does: a client's newer headers are no reason to refuse it.
        .ignoreUnknownHeaders(true)
        // Otherwise idle connections of clients delay a stop by two seconds. A request that is cut
        // off was not acknowledged and leaves nothing visible.
        .stopTimeout(0)
        .build();
  }

  /**
   * Whether every object's name can be a file's.
   *
   * @param encoding of file names, which the JVM takes from the environment when it starts
   */
  static boolean namesAllObjects(String encoding) {
    return Charset.isSupported(encoding) && Charset.forName(encoding).newEncoder().canEncode("ü模");
  }

  /** Without them, objects would silently lose their metadata, ETag and content type. */
  private static void requireExtendedAttributes(Path folder) {
    try {
      Path probe = Files.createTempFile(folder, "probe", null);
      try {
        var view = Files.getFileAttributeView(probe, UserDefinedFileAttributeView.class);
        if (view == null) {
          throw new UnsupportedOperationException("no view of them");
        }
        view.write(Leftovers.ETAG_ATTRIBUTE, ByteBuffer.wrap(new byte[1]));
      } finally {
        Files.deleteIfExists(probe);
      }
    } catch (IOException | UnsupportedOperationException e) {
      throw new EmbeddedServerException(
          ("The embedded S3 server cannot use the folder %s: it must be writable, and its file"
                  + " system must have extended attributes (%s). Configure another folder.")
              .formatted(folder, e),
          e);
    }
  }

  private static void moveOver(Path buckets) {
    try {
      EarlierLayout.moveOver(buckets);
    } catch (IOException e) {
      throw new EmbeddedServerException(
          ("The embedded S3 server cannot move the objects of an earlier version in %s to their new"
                  + " files: %s. Nothing is lost; make the folder writable and start again.")
              .formatted(buckets.getParent(), e),
          e);
    }
  }

  /** The port it listens on. */
  public int port() {
    return endpoint.getPort();
  }

  /** The address for path-style clients, such as {@code http://127.0.0.1:9000}. */
  public URI endpoint() {
    return endpoint;
  }

  /** Stops listening and cuts requests in progress; closing again does nothing. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try (folderLock) {
      proxy.stop();
    } catch (Exception e) {
      throw new EmbeddedServerException("The embedded S3 server did not stop cleanly.", e);
    }
    LOG.info("Embedded S3 server stopped endpoint={}", endpoint);
  }
}
