package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.util.Locale;
import java.util.Optional;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;

/** What the API server's refusals mean to who uses the port. */
final class ApiErrors {
  private static final int MAX_MESSAGE_LENGTH = 600;
  private static final int UNPROCESSABLE = 422;

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
   * Whether the API server will never take this Job. What a quota, a missing right or a namespace
   * that is going away keep out may come in later.
   */
  static boolean isRefusal(KubernetesClientException e) {
    return switch (e.getCode()) {
      case HttpURLConnection.HTTP_BAD_REQUEST,
          HttpURLConnection.HTTP_ENTITY_TOO_LARGE,
          UNPROCESSABLE ->
          true;
      case HttpURLConnection.HTTP_FORBIDDEN -> {
        String words = message(e).toLowerCase(Locale.ROOT);
        yield !words.contains("exceeded quota")
            && !words.contains("cannot create resource")
            && !words.contains("being terminated");
      }
      default -> false;
    };
  }
}
