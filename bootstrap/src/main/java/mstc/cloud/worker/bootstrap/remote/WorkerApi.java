package mstc.cloud.worker.bootstrap.remote;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLException;
import mstc.cloud.worker.domain.PrintableText;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The HTTP API of a running worker, as its OpenAPI description has it.
 *
 * <p>Every method blocks until the worker has responded, and throws {@link WorkerApiException} when
 * it cannot be reached or refuses.
 */
public final class WorkerApi implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(60);
  private static final int MAX_REASON_LENGTH = 600;
  private static final int MAX_PROBLEM_BYTES = 64 * 1024;

  private final WorkerAddress address;
  private final JsonMapper json = JsonMapper.shared();

  /** Follows no redirection: it might take the token elsewhere. */
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  /** Does not connect yet. */
  public WorkerApi(WorkerAddress address) {
    this.address = address;
  }

  /** A name as a part of a path, or of a query. */
  public static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** A resource's JSON. */
  public JsonNode get(String path) throws InterruptedException {
    return parsed(send(request(path, "application/json").GET().build()));
  }

  /** The answer to JSON that is sent to a resource. */
  public JsonNode post(String path, JsonNode body) throws InterruptedException {
    return parsed(
        send(
            request(path, "application/json")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body.toString()))
                .build()));
  }

  /** A resource's bytes as they come; the caller closes the response's body. */
  public HttpResponse<InputStream> open(String path) throws InterruptedException {
    return send(request(path, "text/plain").GET().build());
  }

  /**
   * Opens a stream of events, which the caller closes.
   *
   * @param lastEvent the id of the last event that came before; empty for all there are
   */
  public EventStream events(String path, Optional<String> lastEvent) throws InterruptedException {
    HttpRequest.Builder request = request(path, "text/event-stream");
    lastEvent.ifPresent(id -> request.header("Last-Event-ID", id));
    return new EventStream(send(request.GET().build()).body(), address.toString());
  }

  private HttpRequest.Builder request(String path, String accepted) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address.resolve(path))
            .timeout(RESPONSE_TIMEOUT)
            .header("Accept", accepted);
    address.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
    return request;
  }

  private HttpResponse<InputStream> send(HttpRequest request) throws InterruptedException {
    HttpResponse<InputStream> response;
    try {
      response = http.send(request, BodyHandlers.ofInputStream());
    } catch (IOException e) {
      throw unreachable(e);
    }
    if (response.statusCode() / 100 != 2) {
      throw refused(response);
    }
    return response;
  }

  private JsonNode parsed(HttpResponse<InputStream> response) {
    try (InputStream body = response.body()) {
      return json.readTree(body);
    } catch (JacksonException e) {
      throw WorkerApiException.permanent(
          "%s does not answer with JSON: is it a worker?".formatted(address));
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  private WorkerApiException unreachable(IOException failure) {
    String reason =
        switch (failure) {
          case HttpTimeoutException _ -> "no answer in time";
          case ConnectException _ -> "no connection";
          case SSLException e -> "TLS failed, " + e.getMessage();
          default ->
              "the connection broke (%s); if it wants TLS, the URL begins with https"
                  .formatted(failure.getMessage());
        };
    return WorkerApiException.retryable(
        "no worker answers at %s: %s; start one, or say with --url or MSTC_URL where it is"
            .formatted(address, PrintableText.oneLine(reason, MAX_REASON_LENGTH)),
        failure);
  }

  private WorkerApiException refused(HttpResponse<InputStream> response) {
    int status = response.statusCode();
    String detail = PrintableText.oneLine(detail(response), MAX_REASON_LENGTH);
    return switch (status) {
      case 401 ->
          WorkerApiException.permanent(
              address.token().isPresent()
                  ? "the worker at %s does not accept this token; it is the value of mstc.http.token"
                      .formatted(address)
                  : "the worker at %s wants its token: set MSTC_TOKEN to the value of mstc.http.token"
                      .formatted(address));
      case 404, 400, 403, 416 -> WorkerApiException.permanent(detail);
      case 429, 502, 503, 504 ->
          WorkerApiException.retryable(
              "the worker at %s cannot answer now: %s".formatted(address, detail), null);
      default ->
          WorkerApiException.permanent(
              "the worker at %s answers with HTTP %d: %s".formatted(address, status, detail));
    };
  }

  /** The detail of a problem, or the text as it is. */
  private String detail(HttpResponse<InputStream> response) {
    String text;
    try (InputStream body = response.body()) {
      text = new String(body.readNBytes(MAX_PROBLEM_BYTES), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      text = "";
    }
    String otherwise = text.isEmpty() ? "HTTP " + response.statusCode() : text;
    boolean isProblem =
        response
            .headers()
            .firstValue("Content-Type")
            .filter(type -> type.startsWith("application/problem+json"))
            .isPresent();
    try {
      return isProblem ? json.readTree(text).path("detail").asString(otherwise) : otherwise;
    } catch (JacksonException e) {
      return otherwise;
    }
  }

  /** Ends what is in progress. */
  @Override
  public void close() {
    http.shutdownNow();
  }
}
