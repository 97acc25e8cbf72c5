package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;
import mstc.cloud.worker.adapters.k8s.cluster.Timestamps;

/**
 * The logs as the API server gives them. It does not use the client's own log calls: those hold a
 * whole log in memory, or do not tell an error's body from a log.
 */
public final class ClusterLogSource implements LogSource {
  private static final int MAX_ERROR_BYTES = 4096;

  /** Enough for a line's time and the space after it. */
  private static final int TIME_BYTES = 64;

  /** The JDK's client reads the window size of an HTTP/2 stream from nowhere else. */
  private static final String WINDOW_PROPERTY = "jdk.httpclient.windowsize";

  private static final int WINDOW_BYTES = 64 * 1024;

  private final KubernetesClient client;
  private final KubernetesClient pinningClient;
  private final String namespace;

  /**
   * @param pinningClient for streams that are left unread, over HTTP/2: at most {@value
   *     #WINDOW_BYTES} bytes of each are in transit, and 4 MiB from the kubelet to the API server.
   *     Over a connection of its own, each would fill every buffer on the way
   */
  public ClusterLogSource(
      KubernetesClient client, KubernetesClient pinningClient, String namespace) {
    this.client = client;
    this.pinningClient = pinningClient;
    this.namespace = namespace;
    if (System.getProperty(WINDOW_PROPERTY) == null) {
      System.setProperty(WINDOW_PROPERTY, Integer.toString(WINDOW_BYTES));
    }
  }

  @Override
  public LogStream follow(Container container, Optional<Instant> since) throws IOException {
    return open(client, container, "&follow=true" + sinceTime(since));
  }

  @Override
  public LogStream read(Container container, Optional<Instant> since) throws IOException {
    return open(client, container, sinceTime(since));
  }

  @Override
  public LogStream pin(Container container) throws IOException {
    return open(pinningClient, container, "");
  }

  private static String sinceTime(Optional<Instant> since) {
    return since.map(instant -> "&sinceTime=" + instant).orElse("");
  }

  @Override
  public Optional<Instant> newestFileBegins(Container container) throws IOException {
    String words;
    try (ArrivingBytes beginning = open(client, container, "&limitBytes=" + TIME_BYTES)) {
      words = new String(beginning.readNBytes(TIME_BYTES, LogTimes.RESPONSE), UTF_8);
    }
    if (words.isEmpty()) {
      return Optional.empty();
    }
    Optional<Instant> time = Timestamps.parse(words.split(" ", 2)[0]);
    if (time.isEmpty()) {
      throw new IOException("the log of pod %s: %s".formatted(container.pod(), words));
    }
    return time;
  }

  private ArrivingBytes open(KubernetesClient by, Container container, String options)
      throws IOException {
    String path =
        "api/v1/namespaces/%s/pods/%s/log?container=%s&timestamps=true%s"
            .formatted(namespace, container.pod(), container.name(), options);
    HttpClient http = by.getHttpClient();
    HttpRequest request =
        http.newHttpRequestBuilder()
            .uri(URI.create(client.getMasterUrl() + path))
            .forStreaming()
            .build();
    ArrivingBytes bytes = new ArrivingBytes();
    CompletableFuture<HttpResponse<AsyncBody>> opening = http.consumeBytes(request, bytes);
    HttpResponse<AsyncBody> response = await(opening, "the log of pod " + container.pod());
    bytes.begin(response.body());
    if (response.code() == HttpURLConnection.HTTP_OK) {
      return bytes;
    }
    String words;
    try (bytes) {
      words = new String(bytes.readNBytes(MAX_ERROR_BYTES, LogTimes.RESPONSE), UTF_8);
    }
    String message = "the log of pod %s: %d %s".formatted(container.pod(), response.code(), words);
    throw response.code() == HttpURLConnection.HTTP_NOT_FOUND && isGone(container.pod())
        ? new GoneException(message)
        : new IOException(message);
  }

  /** A kubelet that has just started does not know its pods yet, and gives the same response. */
  private boolean isGone(String pod) throws IOException {
    try {
      return client
          .pods()
          .inNamespace(namespace)
          .withField("metadata.name", pod)
          .list()
          .getItems()
          .isEmpty();
    } catch (KubernetesClientException e) {
      throw new IOException("whether pod " + pod + " is gone: " + ApiErrors.message(e), e);
    }
  }

  private static HttpResponse<AsyncBody> await(
      CompletableFuture<HttpResponse<AsyncBody>> opening, String what) throws IOException {
    try {
      return opening.get(LogTimes.RESPONSE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      abandon(opening);
      throw new IOException(what + ": no response within " + LogTimes.RESPONSE, e);
    } catch (ExecutionException e) {
      throw new IOException(what + ": " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      abandon(opening);
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException(what + ": interrupted").initCause(e);
    }
  }

  /** A stream that comes too late is closed when it arrives. */
  private static void abandon(CompletableFuture<HttpResponse<AsyncBody>> opening) {
    var _ = opening.thenAccept(response -> response.body().cancel());
    opening.cancel(true);
  }
}
