package mstc.cloud.worker.s3protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class StoreFailuresTest {
  private final StoreFailures failures =
      new StoreFailures("http://store:9000", "us-east-1", "set mstc.object-store.region");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "400 | InvalidPart | One is not there. | true | One is not there.",
        "400 | InvalidRequest | No. | false | No.",
        "403 | AccessDenied | Access Denied. | false | access denied",
        "403 | AllAccessDisabled | Disabled. | false | access denied",
        "403 | NotSignedUp | Sign up. | false | Sign up.",
        "403 | '' | '' | false | access denied",
        "403 | InvalidAccessKeyId | Unknown. | false | the credentials are not accepted",
        "403 | SignatureDoesNotMatch | Check. | false | the credentials are not accepted",
        "404 | NoSuchBucket | Missing. | false | there is no such bucket",
        "404 | NoSuchUpload | Missing. | true | Missing.",
        "405 | '' | '' | false | the server refused",
        "408 | '' | '' | true | the server refused",
        "409 | OperationAborted | Another one. | true | Another one.",
        "429 | '' | '' | true | the server refused",
        "500 | '' | the server failed | true | the server failed",
        "501 | NotImplemented | Not here. | false | Not here.",
        "503 | SlowDownWrite | Slow down. | true | the server asks to slow down",
        "507 | XMinioStorageFull | Full. | true | Full."
      })
  void aRefusalSaysWhyAndWhetherTryingAgainHelps(
      int status, String code, String said, boolean retryable, String words) {
    // given
    var refused = refused(status, code, said, Optional.empty());

    // when
    ObjectStoreException failure = failures.translate("store logs/job-1.log", refused);

    // then
    assertThat(failure)
        .hasMessage(
            "Cannot store logs/job-1.log at http://store:9000: %s (HTTP %s)"
                .formatted(words, (status + " " + code).strip()))
        .hasCause(refused);
    assertThat(failure.isRetryable()).isEqualTo(retryable);
  }

  @Test
  void aMissingBucketPassesWhereItHasJustBeenCreated() {
    // given
    var refused = refused(404, "NoSuchBucket", "Missing.", Optional.empty());

    // when
    ObjectStoreException failure =
        failures.ofWrites(true).translate("store logs/job-1.log", refused);

    // then
    assertThat(failure.isRetryable()).isTrue();
  }

  @Test
  void aWrongRegionComesWithWhatToDo() {
    // given
    var refused = refused(301, "PermanentRedirect", "", Optional.of("eu-central-1"));

    // when
    ObjectStoreException failure = failures.translate("store logs/job-1.log", refused);

    // then
    assertThat(failure)
        .hasMessageEndingWith(
            ": its region is eu-central-1, not us-east-1; set mstc.object-store.region"
                + " (HTTP 301 PermanentRedirect)");
    assertThat(failure.isRetryable()).isFalse();
  }

  @Test
  void aWrongClockMayBeSetMeanwhile() {
    // given
    var refused = refused(403, "RequestTimeTooSkewed", "", Optional.empty());

    // when
    ObjectStoreException failure = failures.translate("store logs/job-1.log", refused);

    // then
    assertThat(failure).hasMessageContaining("clock");
    assertThat(failure.isRetryable()).isTrue();
  }

  static Stream<Arguments> brokenConnections() {
    return Stream.of(
        Arguments.of(new ConnectException("Refused"), true, "no connection: Refused"),
        Arguments.of(new UnknownHostException("store"), true, "unknown host store"),
        Arguments.of(new SocketTimeoutException("60 s"), true, "no response in time: 60 s"),
        Arguments.of(
            new IOException("Reset\r\n  by peer"),
            true,
            "the connection broke: java.io.IOException: Reset by peer"),
        Arguments.of(
            new SSLHandshakeException("No path").initCause(new CertificateException("No path")),
            false,
            "its certificate is not trusted: No path"));
  }

  @ParameterizedTest
  @MethodSource("brokenConnections")
  void aBrokenConnectionIsFoundAmongTheCauses(Throwable broken, boolean retryable, String words) {
    // given
    var thrown = new CompletionException(new IllegalStateException("The call failed", broken));

    // when
    ObjectStoreException failure = failures.translate("use the object store", thrown);

    // then
    assertThat(failure)
        .hasMessage("Cannot use the object store at http://store:9000: " + words)
        .hasCause(broken);
    assertThat(failure.isRetryable()).isEqualTo(retryable);
  }

  @Test
  void whatNobodyKnowsIsAPermanentFailureInItsOwnWords() {
    // given
    var thrown = new CompletionException(new IllegalStateException("What is this?"));

    // when
    ObjectStoreException failure = failures.translate("use the object store", thrown);

    // then
    assertThat(failure).hasMessageEndingWith(": What is this?");
    assertThat(failure.isRetryable()).isFalse();
  }

  private static RefusedException refused(
      int status, String code, String said, Optional<String> bucketRegion) {
    return new RefusedException(
        new Refusal(status, code, said, Optional.empty(), bucketRegion),
        new IllegalStateException("An exception of a client library"));
  }
}
