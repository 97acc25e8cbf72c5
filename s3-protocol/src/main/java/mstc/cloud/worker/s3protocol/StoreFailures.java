package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import javax.net.ssl.SSLPeerUnverifiedException;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.jspecify.annotations.Nullable;

/** Translates a failure: whether another attempt can help, and how to describe it. */
public final class StoreFailures {
  /**
   * Error codes below status 500 that concern only this attempt.
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

  private final String place;
  private final String region;
  private final String regionAdvice;
  private final boolean missingBucketPasses;

  /**
   * @param place the store's address, for messages
   * @param region the region that requests are signed for
   * @param regionAdvice what to do if that is the wrong one, such as "set mstc.…"
   */
  public StoreFailures(String place, String region, String regionAdvice) {
    this(place, region, regionAdvice, false);
  }

  private StoreFailures(
      String place, String region, String regionAdvice, boolean missingBucketPasses) {
    this.place = place;
    this.region = region;
    this.regionAdvice = regionAdvice;
    this.missingBucketPasses = missingBucketPasses;
  }

  /**
   * The failures of writes.
   *
   * @param createBuckets whether a missing bucket was created before the failure was seen, so that
   *     "no such bucket" is temporary
   */
  StoreFailures ofWrites(boolean createBuckets) {
    return new StoreFailures(place, region, regionAdvice, createBuckets);
  }

  /** The store's address. */
  String place() {
    return place;
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
    // A future's own exception only wraps the failure.
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof RefusedException refused) {
      return refused(action, refused);
    }
    return firstOf(IOException.class, cause)
        .map(broken -> unreachable(action, broken))
        .orElseGet(() -> failed(action, String.valueOf(cause.getMessage()), false, cause));
  }

  private ObjectStoreException refused(String action, RefusedException failure) {
    Refusal refusal = failure.refusal();
    int status = refusal.status();
    String code = refusal.code();
    String answer = " (HTTP %s)".formatted((status + " " + code).strip());
    Optional<String> wrongClock = refusal.wrongClock(Instant.now());
    if (wrongClock.isPresent()) {
      return failed(action, wrongClock.get() + answer, true, failure);
    }
    Optional<String> wrongRegion = refusal.wrongRegion(region);
    if (wrongRegion.isPresent()) {
      return failed(action, wrongRegion.get() + "; " + regionAdvice + answer, false, failure);
    }
    String reason =
        switch (code) {
          case "AccessDenied", "AllAccessDisabled" -> "access denied";
          case "InvalidAccessKeyId", "SignatureDoesNotMatch" -> "the credentials are not accepted";
          case "NoSuchBucket" -> "there is no such bucket";
          case "SlowDown", "SlowDownRead", "SlowDownWrite" -> "the server asks to slow down";
          default -> said(refusal);
        };
    boolean passing =
        (status >= 500 && status != NOT_IMPLEMENTED)
            || status == 408
            || status == 429
            || PASSING.contains(code)
            || (missingBucketPasses && code.equals("NoSuchBucket"));
    return failed(action, reason + answer, passing, failure);
  }

  private static String said(Refusal refusal) {
    // Responses to HEAD have neither code nor message.
    if (refusal.status() == 403 && refusal.code().isEmpty()) {
      return "access denied";
    }
    return refusal.message().isBlank() ? "the server refused" : refusal.message();
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
          case SocketTimeoutException e -> "no response in time: " + e.getMessage();
          default -> "the connection broke: " + broken;
        };
    return failed(action, reason, true, broken);
  }

  private ObjectStoreException failed(
      String action, String reason, boolean passing, Throwable cause) {
    // Messages of servers and of the JDK may span lines; a log line may not.
    String oneLine = reason.replaceAll("\\s+", " ").strip();
    String message = "Cannot %s at %s: %s".formatted(action, place, oneLine);
    return passing
        ? ObjectStoreException.retryable(message, cause)
        : ObjectStoreException.permanent(message, cause);
  }

  /** The first of that type among a failure and its causes. */
  static <T extends Throwable> Optional<T> firstOf(Class<T> type, Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return Optional.of(type.cast(cause));
      }
    }
    return Optional.empty();
  }
}
