package mstc.cloud.worker.adapters.s3;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLPeerUnverifiedException;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.http.SdkHttpResponse;

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
  private final String region;
  private final String regionSettings;
  private final boolean createBuckets;

  /**
   * @param place the endpoint or region, for messages
   * @param region what requests are signed for
   * @param regionSettings the names of the settings that decide it
   * @param createBuckets whether a missing bucket was created before the failure was seen, so that
   *     "no such bucket" passes
   */
  S3Failures(String place, String region, String regionSettings, boolean createBuckets) {
    this.place = place;
    this.region = region;
    this.regionSettings = regionSettings;
    this.createBuckets = createBuckets;
  }

  /** The error code of an answer, or "" when it had none, as the answers to HEAD. */
  static String codeOf(AwsServiceException failure) {
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
    if (failure instanceof AwsServiceException refusal) {
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

  private ObjectStoreException refused(String action, AwsServiceException failure) {
    Refusal refusal = refusalOf(failure);
    int status = refusal.status();
    String code = refusal.code();
    String answer = " (HTTP %s)".formatted((status + " " + code).strip());
    Optional<String> wrongClock = refusal.wrongClock(Instant.now());
    if (wrongClock.isPresent()) {
      return failed(action, wrongClock.get() + answer, true, failure);
    }
    Optional<String> wrongRegion = refusal.wrongRegion(region);
    if (wrongRegion.isPresent()) {
      return failed(
          action,
          "%s; set %s, or take a bucket in %s%s"
              .formatted(wrongRegion.get(), regionSettings, region, answer),
          false,
          failure);
    }
    String reason =
        switch (code) {
          case "AccessDenied", "AllAccessDisabled" -> "access denied";
          case "InvalidAccessKeyId", "SignatureDoesNotMatch" -> "the credentials are not accepted";
          case "NoSuchBucket" -> "there is no such bucket";
          case "SlowDown" -> "the server asks to slow down";
          default ->
              status == 403
                  ? "access denied"
                  : refusal.message().isBlank() ? "the server refused" : refusal.message();
        };
    boolean passing =
        (status >= 500 && status != NOT_IMPLEMENTED)
            || status == 408
            || status == 429
            || PASSING.contains(code)
            || (createBuckets && code.equals("NoSuchBucket"));
    return failed(action, reason + answer, passing, failure);
  }

  private static Refusal refusalOf(AwsServiceException failure) {
    Optional<AwsErrorDetails> details = Optional.ofNullable(failure.awsErrorDetails());
    Optional<SdkHttpResponse> response = details.map(AwsErrorDetails::sdkHttpResponse);
    return new Refusal(
        failure.statusCode(),
        codeOf(failure),
        details.map(AwsErrorDetails::errorMessage).orElse(""),
        response.flatMap(answer -> answer.firstMatchingHeader("Date")),
        response.flatMap(answer -> answer.firstMatchingHeader("x-amz-bucket-region")));
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
