package mstc.cloud.worker.adapters.minio;

import io.minio.errors.ErrorResponseException;
import io.minio.errors.ServerException;
import io.minio.messages.ErrorResponse;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import javax.net.ssl.SSLPeerUnverifiedException;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** Says what a failure of minio-java means: whether trying again can help, and in which words. */
final class MinioFailures {
  /**
   * Codes below 500 that are about this attempt only.
   *
   * @see <a href="https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html">S3 error
   *     responses</a>
   */
  private static final Set<String> PASSING =
      Set.of(
          "BadDigest",
          "ConditionalRequestConflict",
          "ExpiredToken",
          "IncompleteBody",
          "InternalError",
          "InvalidPart",
          "NoSuchUpload",
          "OperationAborted",
          "RequestTimeout",
          "ServiceUnavailable",
          "SlowDown",
          "SlowDownRead",
          "SlowDownWrite",
          "Throttling",
          "XAmzContentChecksumMismatch",
          "XAmzContentSHA256Mismatch");

  private static final int NOT_IMPLEMENTED = 501;

  private final URI endpoint;
  private final String region;
  private final boolean createBuckets;

  /**
   * @param region what requests are signed for
   * @param createBuckets whether a missing bucket was created before the failure was seen, so that
   *     "no such bucket" passes
   */
  MinioFailures(URI endpoint, String region, boolean createBuckets) {
    this.endpoint = endpoint;
    this.region = region;
    this.createBuckets = createBuckets;
  }

  /** The S3 error code of a failed call, or "" when the server did not give one. */
  static String codeOf(CompletionException failure) {
    return errorOf(failure).map(error -> error.errorResponse().code()).orElse("");
  }

  static int statusOf(CompletionException failure) {
    return errorOf(failure).map(error -> error.response().code()).orElse(0);
  }

  private static Optional<ErrorResponseException> errorOf(CompletionException failure) {
    return failure.getCause() instanceof ErrorResponseException error
        ? Optional.of(error)
        : Optional.empty();
  }

  ObjectStoreException closed(String action) {
    return ObjectStoreException.retryable(
        "Cannot %s at %s: the object store is closed".formatted(action, endpoint), null);
  }

  ObjectStoreException interrupted(String action, @Nullable Throwable failure) {
    return ObjectStoreException.retryable(
        "Cannot %s at %s: the call was interrupted".formatted(action, endpoint), failure);
  }

  ObjectStoreException translate(String action, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof ErrorResponseException error) {
      return refused(action, error);
    }
    if (cause instanceof ServerException error) {
      return failed(
          action,
          "the server failed (HTTP %d)".formatted(error.statusCode()),
          isPassing(error.statusCode()),
          error);
    }
    Optional<IOException> broken = firstOf(IOException.class, cause);
    if (broken.isPresent()) {
      return unreachable(action, broken.get());
    }
    return failed(action, String.valueOf(cause.getMessage()), false, cause);
  }

  private ObjectStoreException refused(String action, ErrorResponseException failure) {
    Refusal refusal = refusalOf(failure);
    int status = refusal.status();
    String code = refusal.code();
    String answer = " (HTTP %d %s)".formatted(status, code);
    Optional<String> wrongClock = refusal.wrongClock(Instant.now());
    if (wrongClock.isPresent()) {
      return failed(action, wrongClock.get() + answer, true, failure);
    }
    Optional<String> wrongRegion = refusal.wrongRegion(region);
    if (wrongRegion.isPresent()) {
      return failed(
          action, wrongRegion.get() + "; set mstc.object-store.region" + answer, false, failure);
    }
    String reason =
        switch (code) {
          case "AccessDenied", "AllAccessDisabled" -> "access denied";
          case "InvalidAccessKeyId", "SignatureDoesNotMatch" -> "the credentials are not accepted";
          case "NoSuchBucket" -> "there is no such bucket";
          case "SlowDown", "SlowDownRead", "SlowDownWrite" -> "the server asks to slow down";
          default -> refusal.message().isBlank() ? "the server refused" : refusal.message();
        };
    boolean passing =
        isPassing(status)
            || PASSING.contains(code)
            || (createBuckets && code.equals("NoSuchBucket"));
    return failed(action, reason + answer, passing, failure);
  }

  private static Refusal refusalOf(ErrorResponseException failure) {
    Response response = failure.response();
    ErrorResponse error = failure.errorResponse();
    return new Refusal(
        response.code(),
        error.code(),
        Optional.ofNullable(error.message()).orElse(""),
        Optional.ofNullable(response.header("Date")),
        Optional.ofNullable(response.header("x-amz-bucket-region")));
  }

  private ObjectStoreException unreachable(String action, IOException broken) {
    if (firstOf(CertificateException.class, broken).isPresent()
        || firstOf(CertPathValidatorException.class, broken).isPresent()
        || firstOf(SSLPeerUnverifiedException.class, broken).isPresent()) {
      return failed(
          action, "its certificate is not trusted: " + broken.getMessage(), false, broken);
    }
    String reason =
        switch (broken) {
          case ConnectException e -> "no connection: " + e.getMessage();
          case UnknownHostException e -> "unknown host " + e.getMessage();
          case SocketTimeoutException e -> "no answer in time: " + e.getMessage();
          default -> "the connection broke: " + broken;
        };
    return failed(action, reason, true, broken);
  }

  private ObjectStoreException failed(
      String action, String reason, boolean passing, Throwable cause) {
    // What servers and the JDK say may span lines; a log line may not.
    String oneLine = reason.replaceAll("\\s+", " ").strip();
    String message = "Cannot %s at %s: %s".formatted(action, endpoint, oneLine);
    return passing
        ? ObjectStoreException.retryable(message, cause)
        : ObjectStoreException.permanent(message, cause);
  }

  private static boolean isPassing(int status) {
    return (status >= 500 && status != NOT_IMPLEMENTED) || status == 408 || status == 429;
  }

  private static <T extends Throwable> Optional<T> firstOf(Class<T> type, Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return Optional.of(type.cast(cause));
      }
    }
    return Optional.empty();
  }
}
