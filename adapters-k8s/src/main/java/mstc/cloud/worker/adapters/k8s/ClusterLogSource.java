package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The logs as the API server gives them. Not by the client's own log calls: those hold a whole log
 * in memory, or do not tell an error's body from a log.
 */
final class ClusterLogSource implements LogSource {
  private static final int MAX_ERROR_BYTES = 4096;
  private static final long HEADERS_SECONDS = 30;

  /** Enough for a line's time and the space after it. */
  private static final int TIME_BYTES = 64;

  private final KubernetesClient client;
  private final String namespace;

  ClusterLogSource(KubernetesClient client, String namespace) {
    this.client = client;
    this.namespace = namespace;
  }

  @Override
  public InputStream open(String pod, String container, boolean follow, Optional<Instant> since)
      throws IOException {
    return open(
        pod,
        container,
        (follow ? "&follow=true" : "") + since.map(instant -> "&sinceTime=" + instant).orElse(""));
  }

  @Override
  public Optional<Instant> newestFileBegins(String pod, String container) throws IOException {
    String words;
    try (InputStream beginning = open(pod, container, "&limitBytes=" + TIME_BYTES)) {
      words = new String(beginning.readNBytes(TIME_BYTES), StandardCharsets.UTF_8);
    }
    if (words.isEmpty()) {
      return Optional.empty();
    }
    Optional<Instant> time = PodStates.instant(words.split(" ", 2)[0]);
    if (time.isEmpty()) {
      throw new IOException("the log of pod %s: %s".formatted(pod, words));
    }
    return time;
  }

  private InputStream open(String pod, String container, String options) throws IOException {
    String path =
        "api/v1/namespaces/%s/pods/%s/log?container=%s&timestamps=true%s"
            .formatted(namespace, pod, container, options);
    HttpClient http = client.getHttpClient();
    HttpRequest request =
        http.newHttpRequestBuilder()
            .uri(URI.create(client.getMasterUrl() + path))
            .forStreaming()
            .build();
    CompletableFuture<HttpResponse<InputStream>> opening =
        http.sendAsync(request, InputStream.class);
    HttpResponse<InputStream> response = await(opening, "the log of pod " + pod);
    if (response.code() == HttpURLConnection.HTTP_OK) {
      return response.body();
    }
    String words;
    try (InputStream body = response.body()) {
      words = new String(body.readNBytes(MAX_ERROR_BYTES), StandardCharsets.UTF_8);
    }
    String message = "the log of pod %s: %d %s".formatted(pod, response.code(), words);
    throw response.code() == HttpURLConnection.HTTP_NOT_FOUND && isGone(pod)
        ? new GoneException(message)
        : new IOException(message);
  }

  /** A kubelet that has just started does not know its pods yet, and says the same. */
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

  private static HttpResponse<InputStream> await(
      CompletableFuture<HttpResponse<InputStream>> opening, String what) throws IOException {
    try {
      return opening.get(HEADERS_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      abandon(opening);
      throw new IOException(what + ": no answer within " + HEADERS_SECONDS + " s", e);
    } catch (ExecutionException e) {
      throw new IOException(what + ": " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      abandon(opening);
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException(what + ": interrupted").initCause(e);
    }
  }

  /** A stream that comes too late is closed by whoever brings it. */
  private static void abandon(CompletableFuture<HttpResponse<InputStream>> opening) {
    var _ =
        opening.thenAccept(response -> {
          try {
            response.body().close();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    opening.cancel(true);
  }
}
