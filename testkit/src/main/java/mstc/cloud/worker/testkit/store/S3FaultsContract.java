package mstc.cloud.worker.testkit.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.store.PutResult;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How stores that speak S3 treat a server's failures, on a server that simulates them. */
@Execution(ExecutionMode.CONCURRENT)
public abstract class S3FaultsContract {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final ObjectAttributes TEXT = ObjectAttributes.ofType("text/plain");
  private static final ObjectLocation LOCATION =
      new ObjectLocation(new BucketName("logs"), "job-1.log");
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  /** The timeout of tests in which the server is silent. */
  private static final Duration SHORT_TIMEOUT = Duration.ofSeconds(1);

  private static final Duration BOUND = Duration.ofSeconds(20);
  private static final Duration PROMPTLY = Duration.ofSeconds(10);

  private static final String UPLOAD =
      "<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
          + "<Bucket>logs</Bucket><Key>job-1.log</Key><UploadId>u-1</UploadId>"
          + "</InitiateMultipartUploadResult>";
  private static final String COMPLETED =
      "<CompleteMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
          + "<Location>/logs/job-1.log</Location><Bucket>logs</Bucket><Key>job-1.log</Key>"
          + "<ETag>\"e-2\"</ETag></CompleteMultipartUploadResult>";

  private static final Pattern CONTENT_LENGTH =
      Pattern.compile("^content-length: (\\d+)", Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);

  private static final String NO_MORE = "<IsTruncated>false</IsTruncated>";

  /** A response with the body of an S3 error, or an empty one when there is no code. */
  private record Response(int status, String code, String content, Map<String, String> headers) {
    static final Response OK = new Response(200, "");
    static final Response MISSING = new Response(404, "NoSuchKey");

    Response(int status, String code) {
      this(status, code, error(code, "Said so"), Map.of());
    }

    static Response ofRegion(int status, String code, String said, String region) {
      return new Response(
          status,
          code,
          error(code, said),
          region.isEmpty() ? Map.of() : Map.of("x-amz-bucket-region", region));
    }

    static String error(String code, String said) {
      return code.isEmpty()
          ? ""
          : "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s</Message></Error>"
              .formatted(code, said);
    }

    /** A page of unfinished uploads, with only what every server says about them. */
    static Response uploads(String content) {
      return new Response(
          200,
          "",
          ("<?xml version=\"1.0\"?>"
                  + "<ListMultipartUploadsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                  + "<Bucket>logs</Bucket>%s</ListMultipartUploadsResult>")
              .formatted(content),
          Map.of());
    }

    static String upload(String key, String id) {
      return "<Upload><Key>%s</Key><UploadId>%s</UploadId></Upload>".formatted(key, id);
    }
  }

  private record Call(String method, String query, boolean ifNoneMatch) {
    boolean beginsUpload() {
      return method.equals("POST") && query.startsWith("uploads");
    }

    boolean listsUploads() {
      return method.equals("GET") && Arrays.asList(query.split("[=&]")).contains("uploads");
    }

    boolean endsUpload(String id) {
      return method.equals("DELETE") && query.equals("uploadId=" + id);
    }

    boolean completesUpload() {
      return method.equals("POST") && query.startsWith("uploadId");
    }
  }

  @TempDir private Path folder;
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private Path file;
  private HttpServer server;
  private Function<Call, Response> behaviour = call -> Response.OK;

  /** Opens a store with any credentials. */
  protected abstract ObjectStore open(
      URI endpoint, boolean createBuckets, Duration requestTimeout, Optional<Path> caCertificate);

  /** A file size that the store sends in several parts. */
  protected abstract long severalPartsInBytes();

  @BeforeEach
  void startServer() throws IOException {
    file = Files.writeString(folder.resolve("content"), "content");
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::respond);
    server.start();
  }

  @AfterEach
  void stopServer() {
    server.stop(0);
  }

  private void respond(HttpExchange exchange) throws IOException {
    try (exchange) {
      String query = exchange.getRequestURI().getRawQuery();
      var call =
          new Call(
              exchange.getRequestMethod(),
              query == null ? "" : query,
              exchange.getRequestHeaders().containsKey("If-None-Match"));
      calls.add(call);
      exchange.getRequestBody().readAllBytes();
      Response response = behaviour.apply(call);
      byte[] body = contentOf(response, call).getBytes(UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/xml");
      exchange.getResponseHeaders().set("ETag", "\"e\"");
      response.headers().forEach(exchange.getResponseHeaders()::set);
      boolean empty = body.length == 0 || call.method().equals("HEAD");
      exchange.sendResponseHeaders(response.status(), empty ? -1 : body.length);
      if (!empty) {
        exchange.getResponseBody().write(body);
      }
    }
  }

  private static String contentOf(Response response, Call call) {
    if (!response.equals(Response.OK)) {
      return response.content();
    }
    return call.beginsUpload()
        ? UPLOAD
        : call.listsUploads()
            ? Response.uploads(NO_MORE).content()
            : call.completesUpload() ? COMPLETED : "";
  }

  private ObjectStore open(URI endpoint, boolean createBuckets, Duration requestTimeout) {
    return open(endpoint, createBuckets, requestTimeout, Optional.empty());
  }

  private ObjectStore open(boolean createBuckets) {
    return open(
        URI.create("http://127.0.0.1:" + server.getAddress().getPort()), createBuckets, TIMEOUT);
  }

  @ParameterizedTest
  @CsvSource({
    "400, RequestTimeout, true",
    "400, InvalidRequest, false",
    "403, AccessDenied, false",
    "403, InvalidAccessKeyId, false",
    "403, SignatureDoesNotMatch, false",
    "404, NoSuchBucket, false",
    "405, MethodNotAllowed, false",
    "409, OperationAborted, true",
    "429, TooManyRequests, true",
    "500, InternalError, true",
    "503, SlowDown, true",
    "507, XMinioStorageFull, true"
  })
  void aRefusedWriteSaysWhyAndWhetherTryingAgainHelps(int status, String code, boolean retryable) {
    // given
    behaviour = call -> new Response(status, code);

    try (ObjectStore store = open(false)) {
      // when
      ObjectStoreException failure = failureOf(() -> store.put(LOCATION, file, TEXT));

      // then
      assertThat(failure.isRetryable()).as(failure.getMessage()).isEqualTo(retryable);
      assertThat(failure)
          .hasMessageContaining("logs/job-1.log")
          .hasMessageContaining("http://127.0.0.1:" + server.getAddress().getPort())
          .hasMessageContaining(status + " " + code);
      assertThat(calls).hasSizeLessThanOrEqualTo(5);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "403 | RequestTimeTooSkewed | The difference is too large. | 120 | 120 minutes behind",
        "403 | RequestTimeTooSkewed | The difference is too large. | -1440 | 1440 minutes ahead",
        "403 | RequestTimeTooSkewed | The difference is too large. | 0 | are too far apart; set them",
        "403 | InvalidSignatureException | Signature expired: 10:00 is earlier than 10:20 | 20 | 20 minutes behind",
        "400 | InvalidSignatureException | Signature not yet current: 10:20 is later | -20 | 20 minutes ahead",
        "403 | SignatureDoesNotMatch | Check your key. | 60 | 60 minutes behind",
        "403 | AccessDenied | Access Denied | -60 | 60 minutes ahead"
      })
  void aClockThatIsOffIsNamedAndMayBeSet(
      int status, String code, String said, int minutesLater, String words) throws IOException {
    // given
    try (var elsewhen = new ServerOfAnotherTime(status, code, said, minutesLater);
        ObjectStore store = open(elsewhen.endpoint(), false, TIMEOUT)) {
      // when
      ObjectStoreException failure = failureOf(() -> store.put(LOCATION, file, TEXT));

      // then
      assertThat(failure)
          .hasMessageContaining("logs/job-1.log")
          .hasMessageContaining("clock")
          .hasMessageContaining(words)
          .hasMessageContaining("; set ")
          .hasMessageContaining(status + " " + code);
      assertThat(failure.isRetryable()).as(failure.getMessage()).isTrue();
    }
  }

  @Test
  void aClockThatIsOffIsNamedWhereTheAnswerHasNoBody() throws IOException {
    // given
    try (var elsewhen = new ServerOfAnotherTime(403, "", "", 90);
        ObjectStore store = open(elsewhen.endpoint(), false, TIMEOUT)) {
      // when
      ObjectStoreException failure = failureOf(() -> store.putIfAbsent(LOCATION, file, TEXT));

      // then
      assertThat(failure)
          .hasMessageContaining("the clock of this machine is 90 minutes behind; set it");
      assertThat(failure.isRetryable()).as(failure.getMessage()).isTrue();
    }
  }

  @Test
  void aClockThatIsOffByAsLittleAsStoresAllowIsNotBlamed() throws IOException {
    // given
    try (var elsewhen = new ServerOfAnotherTime(403, "SignatureDoesNotMatch", "Check", 10);
        ObjectStore store = open(elsewhen.endpoint(), false, TIMEOUT)) {
      // when
      ObjectStoreException failure = failureOf(() -> store.put(LOCATION, file, TEXT));

      // then
      assertThat(failure).hasMessageContaining("the credentials are not accepted");
      assertThat(failure.isRetryable()).as(failure.getMessage()).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PUT | 400 | AuthorizationHeaderMalformed | the region 'us-east-1' is wrong; expecting 'eu-central-1' | '' | is eu-central-1, not us-east-1",
        "PUT | 400 | AuthorizationHeaderMalformed | Malformed | eu-central-1 | is eu-central-1, not us-east-1",
        "PUT | 301 | PermanentRedirect | Address another endpoint. | eu-central-1 | is eu-central-1, not us-east-1",
        "PUT | 301 | PermanentRedirect | Address another endpoint. | '' | is not us-east-1",
        "PUT | 400 | IllegalLocationConstraintException | The constraint is incompatible. | '' | is not us-east-1",
        "PUT | 400 | InvalidLocationConstraint | The constraint is not valid. | '' | is not us-east-1",
        "HEAD | 301 | '' | '' | eu-central-1 | is eu-central-1, not us-east-1",
        "HEAD | 400 | '' | '' | eu-central-1 | is eu-central-1, not us-east-1"
      })
  void aWrongRegionIsNamedWithTheSettingThatMendsIt(
      String method, int status, String code, String said, String region, String words) {
    // given
    behaviour =
        call ->
            call.method().equals(method)
                ? Response.ofRegion(status, code, said, region)
                : call.method().equals("HEAD") ? Response.MISSING : Response.OK;

    try (ObjectStore store = open(true)) {
      // when
      ObjectStoreException failure = failureOf(() -> store.putIfAbsent(LOCATION, file, TEXT));

      // then
      assertThat(failure)
          .hasMessageContaining("logs/job-1.log")
          .hasMessageContaining("its region " + words)
          .hasMessageContaining("set mstc.object-store.region")
          .hasMessageContaining("HTTP " + status);
      assertThat(failure.isRetryable()).as(failure.getMessage()).isFalse();
    }
  }

  @Test
  void aHeaderThatIsMalformedInTheRightRegionIsNotBlamedOnTheRegion() {
    // given
    behaviour =
        call -> Response.ofRegion(400, "AuthorizationHeaderMalformed", "No date", "us-east-1");

    try (ObjectStore store = open(false)) {
      // when
      ObjectStoreException failure = failureOf(() -> store.put(LOCATION, file, TEXT));

      // then
      assertThat(failure).hasMessageContaining("No date").message().doesNotContain("region");
    }
  }

  @Test
  void aProxysOwnErrorIsRetryable() {
    // given
    behaviour = call -> new Response(502, "");

    try (ObjectStore store = open(false)) {
      // when
      ObjectStoreException failure = failureOf(() -> store.put(LOCATION, file, TEXT));

      // then
      assertThat(failure.isRetryable()).as(failure.getMessage()).isTrue();
      assertThat(failure).hasMessageContaining("502");
    }
  }

  @Test
  void credentialsWithoutAnyRightPassTheCheck() {
    // given
    behaviour = call -> new Response(403, "AccessDenied");

    try (ObjectStore store = open(false)) {
      // when
      store.check();
    }

    // then
    assertThat(calls).hasSize(1);
  }

  @Test
  void aServerThatKnowsNoConditionalWritesIsAskedForThemOnlyOnce() {
    // given
    behaviour =
        call ->
            call.method().equals("HEAD")
                ? Response.MISSING
                : call.ifNoneMatch() ? new Response(501, "NotImplemented") : Response.OK;

    try (ObjectStore store = open(false)) {
      // when
      PutResult first = store.putIfAbsent(LOCATION, file, TEXT);
      PutResult second = store.putIfAbsent(LOCATION, file, TEXT);

      // then
      assertThat(List.of(first, second)).containsOnly(PutResult.STORED);
      assertThat(calls)
          .extracting(call -> call.method() + (call.ifNoneMatch() ? " conditional" : ""))
          .containsExactly("HEAD", "PUT conditional", "PUT", "HEAD", "PUT");
    }
  }

  @Test
  void aServerThatIgnoresTheConditionOfAWriteIsNamedAndLeftClean() {
    // given
    behaviour = call -> Response.OK;

    try (ObjectStore store = open(false)) {
      // when
      Optional<String> shortcoming = store.shortcoming(LOCATION.bucket());

      // then
      assertThat(shortcoming)
          .hasValueSatisfying(it -> assertThat(it).contains("ignores If-None-Match", "127.0.0.1"));
      assertThat(calls)
          .extracting(call -> call.method() + (call.ifNoneMatch() ? " conditional" : ""))
          .containsExactly(
              "PUT conditional",
              "PUT conditional",
              "PUT conditional",
              "PUT conditional",
              "PUT conditional",
              "DELETE");
    }
  }

  @Test
  void anObjectThatAppearedMeanwhileIsLeftAlone() {
    // given
    behaviour =
        call ->
            call.method().equals("HEAD")
                ? Response.MISSING
                : new Response(412, "PreconditionFailed");

    try (ObjectStore store = open(false)) {
      // when
      PutResult result = store.putIfAbsent(LOCATION, file, TEXT);

      // then
      assertThat(result).isEqualTo(PutResult.ALREADY_EXISTS);
    }
  }

  @Test
  void aConflictWithAnotherWriteWhoseEndIsUnknownIsRetryable() {
    // given
    behaviour =
        call ->
            call.method().equals("HEAD")
                ? Response.MISSING
                : new Response(409, "ConditionalRequestConflict");

    try (ObjectStore store = open(false)) {
      // when
      ObjectStoreException failure = failureOf(() -> store.putIfAbsent(LOCATION, file, TEXT));

      // then
      assertThat(failure.isRetryable()).as(failure.getMessage()).isTrue();
    }
  }

  @Test
  void theRaceToCreateABucketMayBeLost() {
    // given
    behaviour =
        call ->
            calls.size() == 1
                ? new Response(404, "NoSuchBucket")
                : calls.size() == 2 ? new Response(409, "BucketAlreadyOwnedByYou") : Response.OK;

    try (ObjectStore store = open(true)) {
      // when
      store.put(LOCATION, file, TEXT);
    }

    // then
    assertThat(calls).extracting(Call::method).containsExactly("PUT", "PUT", "PUT");
  }

  @Test
  void thePartsOfAFailedUploadAreRemoved() throws IOException {
    // given
    Path large = zeros(severalPartsInBytes());
    behaviour =
        call ->
            call.query().contains("partNumber=2") ? new Response(403, "AccessDenied") : Response.OK;

    try (ObjectStore store = open(false)) {
      // when
      ObjectStoreException failure = failureOf(() -> store.put(LOCATION, large, TEXT));

      // then
      assertThat(failure.isRetryable()).as(failure.getMessage()).isFalse();
      assertThat(calls.getLast().method()).isEqualTo("DELETE");
      assertThat(calls.getLast().query()).contains("uploadId=u-1");
    }
  }

  @Test
  void onlyAFileOfSeveralPartsAsksForEarlierUploads() throws IOException {
    // given
    Path large = zeros(severalPartsInBytes());

    try (ObjectStore store = open(false)) {
      // when
      store.put(LOCATION, file, TEXT);
      store.put(LOCATION, large, TEXT);

      // then
      assertThat(calls)
          .extracting(Call::method)
          .containsExactly("PUT", "GET", "POST", "PUT", "PUT", "POST");
      assertThat(calls.get(1).listsUploads()).isTrue();
    }
  }

  @Test
  void everyEarlierUploadOfThatObjectIsEndedHoweverManyPagesTheyFill() {
    // given
    behaviour =
        call -> {
          if (!call.listsUploads()) {
            return call.endsUpload("u-2") ? new Response(404, "NoSuchUpload") : Response.OK;
          }
          return call.query().contains("upload-id-marker=u-2")
              ? Response.uploads(
                  Response.upload("job-1.log", "u-3")
                      + Response.upload("job-1.log.old", "u-4")
                      + NO_MORE)
              : Response.uploads(
                  Response.upload("job-1.log", "u-1")
                      + Response.upload("job-1.log", "u-2")
                      + "<NextKeyMarker>job-1.log</NextKeyMarker>"
                      + "<NextUploadIdMarker>u-2</NextUploadIdMarker>"
                      + "<IsTruncated>true</IsTruncated>");
        };

    try (ObjectStore store = open(false)) {
      // when
      store.discardUploads(LOCATION);

      // then
      assertThat(calls)
          .filteredOn(call -> call.method().equals("DELETE"))
          .extracting(Call::query)
          .containsExactly("uploadId=u-1", "uploadId=u-2", "uploadId=u-3");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET, 403, AccessDenied",
    "GET, 404, NoSuchBucket",
    "GET, 405, MethodNotAllowed",
    "GET, 500, InternalError",
    "GET, 501, NotImplemented",
    "GET, 502, ''",
    "DELETE, 403, AccessDenied",
    "DELETE, 501, NotImplemented"
  })
  void earlierUploadsThatCannotBeEndedKeepNoFileFromBeingStored(
      String refused, int status, String code) throws IOException {
    // given
    Path large = zeros(severalPartsInBytes());
    behaviour =
        call -> {
          if (call.method().equals(refused)) {
            return new Response(status, code);
          }
          return call.method().equals("HEAD")
              ? Response.MISSING
              : call.listsUploads()
                  ? Response.uploads(Response.upload("job-1.log", "u-0"))
                  : Response.OK;
        };

    try (ObjectStore store = open(false)) {
      // when
      PutResult result = store.putIfAbsent(LOCATION, large, TEXT);

      // then
      assertThat(result).isEqualTo(PutResult.STORED);
      assertThat(calls.getLast().completesUpload()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({"403, AccessDenied, false", "501, NotImplemented, false", "503, SlowDown, true"})
  void uploadsThatCannotBeDiscardedAreAFailureThatSaysSo(
      int status, String code, boolean retryable) {
    // given
    behaviour = call -> new Response(status, code);

    try (ObjectStore store = open(false)) {
      // when
      ObjectStoreException failure = failureOf(() -> store.discardUploads(LOCATION));

      // then
      assertThat(failure.isRetryable()).as(failure.getMessage()).isEqualTo(retryable);
      assertThat(failure)
          .hasMessageContaining("unfinished uploads of logs/job-1.log")
          .hasMessageContaining(status + " " + code);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "a part,         404, NoSuchUpload",
    "the completion, 404, NoSuchUpload",
    "the completion, 200, NoSuchUpload",
    "the completion, 400, InvalidPart"
  })
  void anUploadThatAnotherProcessEndedIsRetryable(String noticedBy, int status, String code)
      throws IOException {
    // given
    Path large = zeros(severalPartsInBytes());
    behaviour =
        call -> {
          boolean notices =
              noticedBy.equals("a part")
                  ? call.query().contains("partNumber=2")
                  : call.completesUpload();
          return notices
              ? new Response(status, code)
              : call.endsUpload("u-1")
                  ? new Response(404, "NoSuchUpload")
                  : call.method().equals("HEAD") ? Response.MISSING : Response.OK;
        };

    try (ObjectStore store = open(true)) {
      // when
      ObjectStoreException failure = failureOf(() -> store.putIfAbsent(LOCATION, large, TEXT));

      // then
      assertThat(failure.isRetryable()).as(failure.getMessage()).isTrue();
      assertThat(failure).hasMessageContaining("logs/job-1.log").hasMessageContaining(code);
      assertThat(calls.getLast().endsUpload("u-1")).isTrue();
    }
  }

  @Test
  void aServerWithACertificateOfTheGivenAuthorityIsTrusted() throws Exception {
    // given
    SelfSigned certificate = SelfSigned.create(folder);
    URI endpoint = startHttpsServer(certificate);

    try (ObjectStore store = open(endpoint, false, TIMEOUT, Optional.of(certificate.pem()))) {
      // when
      store.put(LOCATION, file, TEXT);
    }

    // then
    assertThat(calls).extracting(Call::method).containsExactly("PUT");
  }

  @Test
  void aServerWithAnUnknownCertificateIsAPermanentFailure() throws Exception {
    // given
    URI endpoint = startHttpsServer(SelfSigned.create(folder));

    try (ObjectStore store = open(endpoint, false, TIMEOUT)) {
      // when
      ObjectStoreException failure = failureOf(store::check);

      // then
      assertThat(failure.isRetryable()).as(failure.getMessage()).isFalse();
      assertThat(failure).hasMessageContaining("certificate is not trusted");
    }
  }

  @Test
  void aServerThatNeverRespondsIsARetryableFailureInBoundedTime() throws IOException {
    try (var silent = new SilentServer();
        ObjectStore store = open(silent.endpoint(), false, SHORT_TIMEOUT)) {
      // given
      Instant start = Instant.now();

      // when
      ObjectStoreException failure = failureOf(store::check);

      // then
      assertThat(failure.isRetryable()).as(failure.getMessage()).isTrue();
      assertThat(Duration.between(start, Instant.now())).isLessThan(BOUND);
    }
  }

  @Test
  void aServerThatStopsReadingIsARetryableFailureInBoundedTime() throws IOException {
    try (var silent = new SilentServer();
        ObjectStore store = open(silent.endpoint(), false, SHORT_TIMEOUT)) {
      // given
      Path large = zeros(1 << 20);
      Instant start = Instant.now();

      // when
      ObjectStoreException failure = failureOf(() -> store.put(LOCATION, large, TEXT));

      // then
      assertThat(failure.isRetryable()).as(failure.getMessage()).isTrue();
      assertThat(Duration.between(start, Instant.now())).isLessThan(Duration.ofSeconds(80));
    }
  }

  @Test
  void anInterruptEndsACallUnderWay() throws Exception {
    try (var silent = new SilentServer();
        ObjectStore store = open(silent.endpoint(), false, Duration.ofMinutes(5))) {
      // given
      var outcome = new CompletableFuture<ObjectStoreException>();
      var flag = new CompletableFuture<Boolean>();
      Thread caller =
          Thread.ofVirtual()
              .start(() -> {
                ObjectStoreException failure = failureOf(() -> store.put(LOCATION, file, TEXT));
                flag.complete(Thread.currentThread().isInterrupted());
                outcome.complete(failure);
              });
      silent.awaitConnection();

      // when
      caller.interrupt();

      // then
      assertThat(outcome).succeedsWithin(PROMPTLY);
      assertThat(outcome.get().isRetryable()).as(outcome.get().getMessage()).isTrue();
      assertThat(outcome.get()).hasMessageContaining("interrupted");
      assertThat(flag).isCompletedWithValue(true);
    }
  }

  @Test
  void closingEndsACallUnderWay() throws Exception {
    try (var silent = new SilentServer()) {
      // given
      ObjectStore store = open(silent.endpoint(), false, Duration.ofMinutes(5));
      var outcome = new CompletableFuture<ObjectStoreException>();
      Thread.ofPlatform()
          .daemon()
          .start(() -> outcome.complete(failureOf(() -> store.put(LOCATION, file, TEXT))));
      silent.awaitConnection();

      // when
      store.close();

      // then
      assertThat(outcome).succeedsWithin(PROMPTLY);
      assertThat(outcome.get().isRetryable()).as(outcome.get().getMessage()).isTrue();
    }
  }

  private URI startHttpsServer(SelfSigned certificate) throws Exception {
    server.stop(0);
    HttpsServer https =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    https.setHttpsConfigurator(new HttpsConfigurator(certificate.serverContext()));
    https.createContext("/", this::respond);
    https.start();
    server = https;
    return URI.create("https://127.0.0.1:" + https.getAddress().getPort());
  }

  private static ObjectStoreException failureOf(ThrowingCallable call) {
    var failure = catchThrowableOfType(ObjectStoreException.class, call);
    assertThat(failure).isNotNull();
    return failure;
  }

  private Path zeros(long bytes) throws IOException {
    Path path = folder.resolve("zeros");
    try (var content = new RandomAccessFile(path.toFile(), "rw")) {
      content.setLength(bytes);
    }
    return path;
  }

  /** A certificate for 127.0.0.1, made by the JDK's keytool. */
  private record SelfSigned(Path pem, Path keyStore) {
    private static final String PASSWORD = "password";

    static SelfSigned create(Path folder) throws Exception {
      Path keyStore = folder.resolve("server.p12");
      Path pem = folder.resolve("ca.pem");
      keytool(keyStore, "-genkeypair", "-keyalg", "EC", "-dname", "CN=localhost");
      keytool(keyStore, "-exportcert", "-rfc", "-file", pem.toString());
      return new SelfSigned(pem, keyStore);
    }

    private static void keytool(Path keyStore, String command, String... more) throws Exception {
      var line = new ArrayList<String>();
      line.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
      line.addAll(List.of(command, "-alias", "server", "-keystore", keyStore.toString()));
      line.addAll(List.of("-storepass", PASSWORD));
      if (command.equals("-genkeypair")) {
        line.addAll(List.of("-ext", "SAN=IP:127.0.0.1", "-validity", "2"));
      }
      line.addAll(List.of(more));
      Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      assertThat(process.waitFor()).as(output).isZero();
    }

    SSLContext serverContext() throws Exception {
      KeyStore keys = KeyStore.getInstance(keyStore.toFile(), PASSWORD.toCharArray());
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(keys, PASSWORD.toCharArray());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(factory.getKeyManagers(), null, null);
      return context;
    }
  }

  /**
   * Refuses every request, with another time of day in its response, which the JDK's own server
   * would not allow. Each connection is for one request.
   */
  private static final class ServerOfAnotherTime implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final int status;
    private final String content;
    private final Duration later;

    ServerOfAnotherTime(int status, String code, String said, int minutesLater) throws IOException {
      this.status = status;
      this.content = Response.error(code, said);
      // Keeps the minutes the same over the seconds that a test may take.
      this.later = Duration.ofMinutes(minutesLater).plusSeconds(Integer.signum(minutesLater) * 30L);
      Thread.ofVirtual().start(this::accept);
    }

    URI endpoint() {
      return URI.create("http://127.0.0.1:" + listener.getLocalPort());
    }

    private void accept() {
      while (!listener.isClosed()) {
        try (Socket connection = listener.accept()) {
          refuse(connection);
        } catch (IOException e) {
          // The client has disconnected, or the test is over and has closed the server.
        }
      }
    }

    private void refuse(Socket connection) throws IOException {
      InputStream in = connection.getInputStream();
      String head = headOf(in);
      if (head.toLowerCase(Locale.ROOT).contains("expect: 100-continue")) {
        write(connection, "HTTP/1.1 100 Continue\r\n\r\n");
      }
      in.readNBytes(contentLengthOf(head));
      String date = RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC).plus(later));
      write(
          connection,
          ("HTTP/1.1 %d Refused\r\nDate: %s\r\nContent-Type: application/xml\r\n"
                  + "Content-Length: %d\r\nConnection: close\r\n\r\n%s")
              .formatted(status, date, content.length(), head.startsWith("HEAD") ? "" : content));
    }

    private static String headOf(InputStream in) throws IOException {
      var head = new StringBuilder();
      int next;
      while (head.indexOf("\r\n\r\n") < 0 && (next = in.read()) >= 0) {
        head.append((char) next);
      }
      return head.toString();
    }

    private static int contentLengthOf(String head) {
      Matcher length = CONTENT_LENGTH.matcher(head);
      return length.find() ? Integer.parseInt(length.group(1)) : 0;
    }

    private static void write(Socket connection, String text) throws IOException {
      connection.getOutputStream().write(text.getBytes(UTF_8));
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }

  /** Accepts connections and does nothing else. */
  private static final class SilentServer implements AutoCloseable {
    private final ServerSocket listener;
    private final List<Socket> connections = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    SilentServer() throws IOException {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      Thread.ofVirtual().start(this::accept);
    }

    URI endpoint() {
      return URI.create("http://127.0.0.1:" + listener.getLocalPort());
    }

    void awaitConnection() {
      await().atMost(PATIENCE).until(() -> closed || !connections.isEmpty());
    }

    private void accept() {
      try {
        while (true) {
          connections.add(listener.accept());
        }
      } catch (IOException e) {
        // The test is over and has closed the server.
        closed = true;
      }
    }

    @Override
    public void close() throws IOException {
      listener.close();
      for (Socket connection : connections) {
        connection.close();
      }
    }
  }
}
