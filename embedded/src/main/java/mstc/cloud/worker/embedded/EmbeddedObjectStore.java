package mstc.cloud.worker.embedded;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.Properties;
import org.gaul.s3proxy.BlobStores;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An S3 server in this process that keeps its buckets in a folder. */
public final class EmbeddedObjectStore implements AutoCloseable {
  private static final Logger LOGGER = LoggerFactory.getLogger(EmbeddedObjectStore.class);
  private static final String NAME = "S3 server";

  private final S3Proxy proxy;
  private final URI endpoint;

  private EmbeddedObjectStore(S3Proxy proxy, URI endpoint) {
    this.proxy = proxy;
    this.endpoint = endpoint;
  }

  /**
   * Starts a server and returns once it accepts requests.
   *
   * @throws PortInUseException when something else listens on the port
   * @throws EmbeddedServerException when the folder cannot be used or the server cannot be started
   */
  public static EmbeddedObjectStore start(ObjectStoreSettings settings) {
    Ports.requireFree(NAME, settings.host(), settings.port());
    try {
      Files.createDirectories(settings.folder());
    } catch (IOException e) {
      throw new EmbeddedServerException(
          "The embedded S3 server cannot create its folder " + settings.folder() + ".", e);
    }
    var properties = new Properties();
    properties.setProperty(
        "jclouds.filesystem.basedir", settings.folder().toAbsolutePath().toString());
    S3Proxy proxy =
        S3Proxy.builder()
            .blobStore(BlobStores.create("filesystem-nio2", properties))
            .endpoint(URI.create("http://" + settings.host() + ":" + settings.port()))
            .awsAuthentication(
                AuthenticationType.AWS_V2_OR_V4, settings.accessKey(), settings.secretKey())
            .ignoreUnknownHeaders(true)
            .build();
    try {
      proxy.start();
    } catch (Exception e) {
      throw new EmbeddedServerException("The embedded S3 server cannot start: " + e, e);
    }
    var store =
        new EmbeddedObjectStore(
            proxy, URI.create("http://" + settings.host() + ":" + proxy.getPort()));
    LOGGER.info(
        "Embedded S3 server started endpoint={} folder={}", store.endpoint, settings.folder());
    return store;
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
    try {
      proxy.stop();
    } catch (Exception e) {
      throw new EmbeddedServerException("The embedded S3 server did not stop cleanly.", e);
    }
  }
}
