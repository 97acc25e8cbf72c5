package mstc.cloud.worker.s3protocol;

import static mstc.cloud.worker.s3protocol.InMemoryRequests.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import javax.net.ssl.SSLHandshakeException;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.testkit.diagnosis.Findings;
import org.junit.jupiter.api.Test;

/** What is told of a store, and what to do about it. */
class StoreDiagnosisTest {
  private static final BucketName BUCKET = new BucketName("results");
  private static final StoreKeys KEYS = new StoreKeys("key.host", "key.secret", "key.authority");

  private final InMemoryRequests server = new InMemoryRequests();
  private final InMemoryRequests inspection = new InMemoryRequests(server);

  private Findings examined(boolean createBuckets, Optional<BucketName> bucket)
      throws InterruptedException {
    return Findings.of(
        new StoreDiagnosis(
            server,
            new StoreFailures("memory", "here", "set the region"),
            KEYS,
            createBuckets,
            bucket));
  }

  private Findings examined() throws InterruptedException {
    inspection.createBucket(BUCKET);
    return examined(false, Optional.of(BUCKET));
  }

  @Test
  void aStoreThatWorksIsSaidToAndKeepsNothingOfIt() throws Exception {
    // given
    date(Duration.ZERO);

    // when
    Findings findings = examined();

    // then
    findings.assertPassedBut();
    findings.assertSeen("store condition", "refused");
    assertThat(inspection.listObjects(BUCKET, "", 1)).isEmpty();
  }

  @Test
  void aBucketOfItsOwnIsCreatedIfBucketsAre() throws Exception {
    // when
    Findings findings = examined(true, Optional.empty());

    // then
    findings.assertSeen("store bucket", "created");
    findings.assertSeen("store delete", "");
    assertThat(inspection.hasBucket(new BucketName("mstc-doctor"))).isTrue();
  }

  @Test
  void withoutABucketOfItsOwnOneHasToBeNamed() throws Exception {
    // when
    Findings findings = examined(false, Optional.empty());

    // then
    findings.assertSkipped("store bucket", "--bucket");
    findings.assertSkipped("store write", "no bucket");
    assertThat(server.made()).doesNotContain("createBucket", "putObject if absent");
  }

  @Test
  void aMissingBucketThatIsNotToBeCreatedIsNamed() throws Exception {
    // when
    Findings findings = examined(false, Optional.of(BUCKET));

    // then
    findings.assertFailed("store bucket", "there is no bucket results", "create it");
  }

  @Test
  void aBucketThatMayNotBeWrittenIsNamedWithTheRight() throws Exception {
    // given
    server.fail("putObject if absent", refusal(403, "AccessDenied"));

    // when
    Findings findings = examined();

    // then
    findings.assertFailed("store write", "access denied", "s3:PutObject in the bucket results");
    findings.assertSkipped("store read", "nothing could be written");
  }

  @Test
  void aStoreThatIgnoresTheConditionIsNamed() throws Exception {
    // given
    server.ignoreConditions();

    // when
    Findings findings = examined();

    // then
    findings.assertFailed("store condition", "ignores If-None-Match", "honours If-None-Match");
    findings.assertSeen("store read", "");
    findings.assertSeen("store delete", "");
  }

  @Test
  void aStoreThatKnowsNoConditionsIsNamed() throws Exception {
    // given
    server.fail("putObject if absent", refusal(501, "NotImplemented"));

    // when
    Findings findings = examined();

    // then
    findings.assertSeen("store write", "");
    findings.assertFailed("store condition", "no conditional writes", "honours If-None-Match");
  }

  @Test
  void aPasswordThatIsNotAcceptedIsToldWithItsKey() throws Exception {
    // given
    server.fail(request -> Optional.of(refusal(403, "SignatureDoesNotMatch")));

    // when
    Findings findings = examined(true, Optional.empty());

    // then
    findings.assertSeen("store address", "");
    findings.assertFailed("store credentials", "credentials are not accepted", "key.secret");
    findings.assertSkipped("store bucket", "does not accept the user");
  }

  @Test
  void aUserWhoMayNotListBucketsIsAccepted() throws Exception {
    // given
    server.fail("listBuckets", refusal(403, "AccessDenied"));

    // when
    Findings findings = examined();

    // then
    findings.assertPassedBut("store clock");
  }

  @Test
  void whatKeepsItFromTheStoreIsToldApart() throws Exception {
    // when
    Findings closed = unreachable(new ConnectException("Connection refused"));
    Findings unknown = unreachable(new UnknownHostException("store.invalid"));
    Findings untrusted = unreachable(new SSLHandshakeException("no valid certification path"));

    // then
    closed.assertFailed("store address", "Connection refused", "start the store there");
    unknown.assertFailed("store address", "unknown host", "set key.host to a name");
    untrusted.assertFailed("store address", "certification path", "set key.authority");
    untrusted.assertSkipped("store credentials", "does not respond");
  }

  private static Findings unreachable(IOException reason) throws InterruptedException {
    InMemoryRequests away = new InMemoryRequests();
    away.fail(request -> Optional.of(new UncheckedIOException(reason)));
    return Findings.of(
        new StoreDiagnosis(
            away,
            new StoreFailures("memory", "here", "set the region"),
            KEYS,
            true,
            Optional.empty()));
  }

  @Test
  void aClockThatIsOffIsToldByHowMuch() throws Exception {
    // given
    date(Duration.ofMinutes(-20));

    // when
    Findings findings = examined();

    // then
    findings.assertFailed("store clock", "ahead of the store's", "NTP");
  }

  @Test
  void aClockThatIsAFewSecondsOffIsGoodEnough() throws Exception {
    // given
    date(Duration.ofSeconds(30));

    // when
    Findings findings = examined();

    // then
    findings.assertSeen("store clock", "behind the store's");
  }

  /** The store's clock is that far ahead of ours. */
  private void date(Duration ahead) {
    String date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC).plus(ahead));
    server.fail(
        "headObject",
        new RefusedException(
            new Refusal(404, "NoSuchKey", "", Optional.of(date), Optional.empty()),
            new IllegalStateException("The server said NoSuchKey")));
  }
}
