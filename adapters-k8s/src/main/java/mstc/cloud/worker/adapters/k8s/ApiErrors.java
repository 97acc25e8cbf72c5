package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;

/** What the API server's refusals mean to who uses the port. */
final class ApiErrors {
  private static final int MAX_MESSAGE_LENGTH = 600;
  private static final int UNPROCESSABLE = 422;

  /** Of a webhook that could not be asked, whatever it would say. */
  private static final List<String> UNASKED =
      List.of("failed calling webhook", "failed to call webhook");

  private static final List<String> DENIALS =
      List.of("denied the request", "violates podsecurity", "is invalid");

  /** Of whoever was to decide, and could not. */
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

  /** The failure of a call, which may be gone when it is repeated. */
  static JobRuntimeException failure(String what, KubernetesClientException e) {
    String message = what + ": " + message(e);
    boolean forbidden =
        e.getCode() == HttpURLConnection.HTTP_FORBIDDEN
            || e.getCode() == HttpURLConnection.HTTP_UNAUTHORIZED;
    return forbidden
        ? JobRuntimeException.retryable(
            message + "; the worker's service account needs the rights of its Role", e)
        : JobRuntimeException.retryable(message, e);
  }

  /** One line in the API server's own words where it gave any. */
  static String message(KubernetesClientException e) {
    String text =
        Optional.ofNullable(e.getStatus())
            .map(Status::getMessage)
            .filter(message -> !message.isBlank())
            .orElseGet(() -> withCause(e));
    return PrintableText.oneLine(text, MAX_MESSAGE_LENGTH);
  }

  /** What failed under the client's own words, which only say that something did. */
  private static String withCause(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null && !(cause instanceof IOException)) {
      cause = cause.getCause();
    }
    return cause instanceof KubernetesClientException
        ? String.valueOf(cause.getMessage())
        : cause.toString();
  }

  static boolean isNotFound(KubernetesClientException e) {
    return e.getCode() == HttpURLConnection.HTTP_NOT_FOUND;
  }

  static boolean isConflict(KubernetesClientException e) {
    return e.getCode() == HttpURLConnection.HTTP_CONFLICT;
  }

  static boolean isUnprocessable(KubernetesClientException e) {
    return e.getCode() == UNPROCESSABLE;
  }

  /** Whether a Job of that name is there already. */
  static boolean isAlreadyExists(KubernetesClientException e) {
    return isConflict(e)
        && Optional.ofNullable(e.getStatus())
            .map(Status::getReason)
            .filter("AlreadyExists"::equals)
            .isPresent();
  }

  /** Whether nobody knows if the API server did what it was asked to. */
  static boolean isAnswerLost(KubernetesClientException e) {
    return e.getCode() <= 0 || e.getCode() >= HttpURLConnection.HTTP_INTERNAL_ERROR;
  }

  /**
   * Whether the API server will never take this Job. What a quota, a missing right, a namespace
   * that is going away or a webhook that does not answer keep out may come in later.
   */
  static boolean isRefusal(KubernetesClientException e) {
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

  /** Whether a refusal in these words is over once there is room. */
  static boolean isForWantOfRoom(String words) {
    return containsAny(words, List.of("exceeded quota", "status unknown for quota"));
  }

  /** Whether a refusal in these words is none: who was to decide could not be asked. */
  static boolean isForTheMoment(String words) {
    return containsAny(words, UNASKED)
        || (!containsAny(words, DENIALS) && containsAny(words, FAILURES));
  }

  private static boolean containsAny(String words, List<String> parts) {
    String lower = words.toLowerCase(Locale.ROOT);
    return parts.stream().anyMatch(lower::contains);
  }
}
