package mstc.cloud.worker.adapters.s3;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLPeerUnverifiedException;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Says what a failure of the SDK means: whether trying again can help, and in which words. */
final class S3Failures {
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
          "Throttling",
          "XAmzContentChecksumMismatch",
          "XAmzContentSHA256Mismatch");

  private static final int NOT_IMPLEMENTED = 501;

  private final String place;
  private final boolean createBuckets;

  /**
   * @param place the endpoint or region, for messages
   * @param createBuckets whether a missing bucket was created before the failure was seen, so that
   *     "no such bucket" passes
   */
  S3Failures(String place, boolean createBuckets) {
    this.place = place;
    this.createBuckets = createBuckets;
  }

  /** The error code of an answer, or "" when it had none, as the answers to HEAD. */
  static String codeOf(S3Exception failure) {
    AwsErrorDetails details = failure.awsErrorDetails();
    return details == null || details.errorCode() == null ? "" : details.errorCode();
  }

  ObjectStoreException closed(String action) {
    return ObjectStoreException.retryable(
        "Cannot %s at %s: the object store is closed".formatted(action, place), null);
  }

  ObjectStoreException interrupted(String action, @Nullable Throwable failure) {
    return ObjectStoreException.retryable(
        "Cannot %s at %s: the call was interrupted".formatted(action, place), failure);
  }

  ObjectStoreException translate(String action, Throwable failure) {
    if (failure instanceof S3Exception refusal) {
      return refused(action, refusal);
    }
    if (failure instanceof ApiCallAttemptTimeoutException
        || failure instanceof ApiCallTimeoutException) {
      return failed(action, "no answer in time: " + failure.getMessage(), true, failure);
    }
    return firstOf(IOException.class, failure)
        .map(broken -> unreachable(action, broken))
        .orElseGet(() -> failed(action, String.valueOf(failure.getMessage()), false, failure));
  }

  private ObjectStoreException refused(String action, S3Exception refusal) {
    int status = refusal.statusCode();
    String code = codeOf(refusal);
    AwsErrorDetails details = refusal.awsErrorDetails();
    String said = details == null ? null : details.errorMessage();
    String reason =
        switch (code) {
          case "AccessDenied", "AllAccessDisabled" -> "access denied";
          case "InvalidAccessKeyId", "SignatureDoesNotMatch" -> "the credentials are not accepted";
          case "NoSuchBucket" -> "there is no such bucket";
          case "SlowDown" -> "the server asks to slow down";
          default ->
              status == 403
                  ? "access denied"
                  : said == null || said.isBlank() ? "the server refused" : said;
        };
    boolean passing =
        (status >= 500 && status != NOT_IMPLEMENTED)
            || status == 408
            || status == 429
            || PASSING.contains(code)
            || (createBuckets && code.equals("NoSuchBucket"));
    return failed(
        action, "%s (HTTP %s)".formatted(reason, (status + " " + code).strip()), passing, refusal);
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
    String message = "Cannot %s at %s: %s".formatted(action, place, oneLine);
    return passing
        ? ObjectStoreException.retryable(message, cause)
        : ObjectStoreException.permanent(message, cause);
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
