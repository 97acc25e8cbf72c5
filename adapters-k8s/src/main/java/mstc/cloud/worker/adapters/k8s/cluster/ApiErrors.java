package mstc.cloud.worker.adapters.k8s.cluster;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;

/** What the API server's refusals mean to the port's callers. */
public final class ApiErrors {
  private static final int MAX_MESSAGE_LENGTH = 600;
  private static final int UNPROCESSABLE = 422;

  /** Of a webhook that could not be called, whatever it would say. */
  private static final List<String> UNASKED =
      List.of("failed calling webhook", "failed to call webhook");

  private static final List<String> DENIALS =
      List.of("denied the request", "violates podsecurity", "is invalid");

  /** Of a component that was to decide, and could not. */
  private static final List<String> FAILURES =
      List.of(
          "internal error",
          "timeout",
          "timed out",
          "time allotted",
          "deadline exceeded",
          "connection refused",
          "connection reset",
          "no route to host",
          "no endpoints",
          "too many requests",
          "try again",
          "unavailable",
          "unable to handle the request",
          "object has been modified",
          "etcdserver");

  private ApiErrors() {}

  /**
   * The failure of a call, which may succeed when it is repeated. That holds for a missing right,
   * too: normally it is granted soon, and no request must be lost until then.
   */
  public static JobRuntimeException failure(String what, KubernetesClientException e) {
    boolean forbidden =
        e.getCode() == HttpURLConnection.HTTP_FORBIDDEN
            || e.getCode() == HttpURLConnection.HTTP_UNAUTHORIZED;
    String remedy = forbidden ? "; the worker's service account needs the rights of its Role" : "";
    return JobRuntimeException.retryable(what + ": " + message(e) + remedy, e);
  }

  /** One line, in the API server's own words if it gave any. */
  public static String message(KubernetesClientException e) {
    String text =
        Optional.ofNullable(e.getStatus())
            .map(Status::getMessage)
            .filter(message -> !message.isBlank())
            .orElseGet(() -> withCause(e));
    return PrintableText.oneLine(text, MAX_MESSAGE_LENGTH);
  }

  /** The cause behind the client's own message, which only says that something failed. */
  private static String withCause(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null && !(cause instanceof IOException)) {
      cause = cause.getCause();
    }
    return cause instanceof KubernetesClientException
        ? String.valueOf(cause.getMessage())
        : cause.toString();
  }

  public static boolean isNotFound(KubernetesClientException e) {
    return e.getCode() == HttpURLConnection.HTTP_NOT_FOUND;
  }

  public static boolean isConflict(KubernetesClientException e) {
    return e.getCode() == HttpURLConnection.HTTP_CONFLICT;
  }

  public static boolean isUnprocessable(KubernetesClientException e) {
    return e.getCode() == UNPROCESSABLE;
  }

  /** Whether a Job of that name already exists. */
  public static boolean isAlreadyExists(KubernetesClientException e) {
    return isConflict(e)
        && Optional.ofNullable(e.getStatus())
            .map(Status::getReason)
            .filter("AlreadyExists"::equals)
            .isPresent();
  }

  /** Whether it is unknown if the API server did what it was asked to. */
  public static boolean isResponseLost(KubernetesClientException e) {
    return e.getCode() <= 0 || e.getCode() >= HttpURLConnection.HTTP_INTERNAL_ERROR;
  }

  /**
   * Whether the API server will never take this Job. What is kept out by a quota, a missing right,
   * a namespace that is being deleted or a webhook that does not respond may be let in later.
   */
  public static boolean isRefusal(KubernetesClientException e) {
    return switch (e.getCode()) {
      case HttpURLConnection.HTTP_BAD_REQUEST,
          HttpURLConnection.HTTP_ENTITY_TOO_LARGE,
          UNPROCESSABLE ->
          true;
      case HttpURLConnection.HTTP_FORBIDDEN -> {
        String words = message(e);
        yield !isForWantOfRoom(words)
            && !isForTheMoment(words)
            && !containsAny(words, List.of("cannot create resource", "being terminated"));
      }
      default -> false;
    };
  }

  /** Whether a refusal with this message is over once there is room. */
  public static boolean isForWantOfRoom(String words) {
    return containsAny(words, List.of("exceeded quota", "status unknown for quota"));
  }

  /** Whether this message is no real refusal: what was to decide could not be called. */
  public static boolean isForTheMoment(String words) {
    return containsAny(words, UNASKED)
        || (!containsAny(words, DENIALS) && containsAny(words, FAILURES));
  }

  private static boolean containsAny(String words, List<String> parts) {
    String lower = words.toLowerCase(Locale.ROOT);
    return parts.stream().anyMatch(lower::contains);
  }
}
