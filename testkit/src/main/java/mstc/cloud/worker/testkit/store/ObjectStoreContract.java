package mstc.cloud.worker.testkit.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.store.PutResult;
import mstc.cloud.worker.domain.store.StoredObject;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every {@link ObjectStore} does. A subclass says how to open one; if its server cannot do all
 * of it, it overrides a {@code why…} method with the reason.
 */
public abstract class ObjectStoreContract {
  private static final int MAX_REFUSALS = 5;

  private static final ObjectAttributes TEXT = ObjectAttributes.ofType("text/plain; charset=utf-8");
  private static final Duration UNREACHABLE_WITHIN = Duration.ofSeconds(30);

  private final BucketName bucket = new BucketName("mstc-test-" + UUID.randomUUID());
  @TempDir private Path folder;
  private ObjectStore store;

  /** Opens a store that creates missing buckets. */
  protected abstract ObjectStore open();

  /** Opens a store that does not create missing buckets. */
  protected abstract ObjectStore openWithoutCreatingBuckets();

  /** Opens a store with a secret key that the server does not accept. */
  protected abstract ObjectStore openWithWrongCredentials();

  /** Opens a store at an address where nothing listens. */
  protected abstract ObjectStore openWhereNothingListens();

  /** A file size that the store sends in several parts. */
  protected abstract long severalPartsInBytes();

  /** Removes a bucket and all that is in it; called after every test. */
  protected abstract void remove(BucketName bucket) throws Exception;

  /** Why two concurrent calls of putIfAbsent may both store; empty if they cannot. */
  protected Optional<String> whyPutIfAbsentIsNotAtomic() {
    return Optional.empty();
  }

  @BeforeEach
  void openStore() {
    store = open();
  }

  @AfterEach
  void closeStore() throws Exception {
    store.close();
    remove(bucket);
  }

  @Test
  void whatIsPutCanBeDescribedReadAndListed() throws IOException {
    // given
    ObjectLocation location = at("job-1.log");
    var attributes =
        new ObjectAttributes("text/plain; charset=utf-8", Map.of("mstc-request-sha256", "abc"));

    // when
    store.put(location, file("hello\n"), attributes);

    // then
    assertThat(store.stat(location)).hasValueSatisfying(described(location, 6, attributes));
    assertThat(text(location)).contains("hello\n");
    assertThat(store.list(bucket, "")).containsExactly(new ObjectListing(location, 6));
  }

  @Test
  void puttingAgainReplacesContentTypeAndMetadata() throws IOException {
    // given
    ObjectLocation location = at("job-1.log");
    store.put(location, file("first"), new ObjectAttributes("text/plain", Map.of("a", "1")));

    // when
    store.put(location, file("second"), new ObjectAttributes("text/html", Map.of("b", "2")));

    // then
    assertThat(text(location)).contains("second");
    assertThat(store.stat(location))
        .contains(new StoredObject(location, 6, "text/html", Map.of("b", "2")));
  }

  @Test
  void aBucketThatIsThereIsFound() throws IOException {
    // given
    store.put(at("job-1.log"), file("x"), TEXT);

    // when
    try (ObjectStore other = openWithoutCreatingBuckets()) {
      boolean found = other.hasBucket(bucket);

      // then
      assertThat(found).isTrue();
    }
  }

  @Test
  void aBucketThatIsMissingIsNotFoundAndNotCreated() {
    // given
    try (ObjectStore other = openWithoutCreatingBuckets()) {
      // when
      boolean found = other.hasBucket(bucket);

      // then
      assertThat(found).isFalse();
      assertThat(other.hasBucket(bucket)).isFalse();
    }
  }

  @Test
  void aMissingBucketIsAsGoodAsThereWhereItIsCreated() {
    // when
    boolean found = store.hasBucket(bucket);

    // then
    assertThat(found).isTrue();
  }

  @Test
  void putIfAbsentStoresWhatIsMissing() throws IOException {
    // given
    ObjectLocation location = at("job-1.log");

    // when
    PutResult result = store.putIfAbsent(location, file("first"), TEXT);

    // then
    assertThat(result).isEqualTo(PutResult.STORED);
    assertThat(text(location)).contains("first");
  }

  @Test
  void putIfAbsentLeavesWhatIsThere() throws IOException {
    // given
    ObjectLocation location = at("job-1.log");
    store.put(location, file("first"), new ObjectAttributes("text/plain", Map.of("a", "1")));

    // when
    PutResult result =
        store.putIfAbsent(
            location, file("second"), new ObjectAttributes("text/html", Map.of("b", "2")));

    // then
    assertThat(result).isEqualTo(PutResult.ALREADY_EXISTS);
    assertThat(text(location)).contains("first");
    assertThat(store.stat(location))
        .contains(new StoredObject(location, 5, "text/plain", Map.of("a", "1")));
  }

  @Test
  void ofConcurrentPutsIfAbsentExactlyOneStores() throws Exception {
    assumeTrue(whyPutIfAbsentIsNotAtomic().isEmpty(), whyPutIfAbsentIsNotAtomic().orElse(""));
    // given
    ObjectLocation location = at("job-1.log");
    store.put(at("creates-the-bucket"), file(""), TEXT);
    var contents = new ArrayList<Path>();
    for (int i = 0; i < 8; i++) {
      contents.add(file("content " + i));
    }

    // when
    List<PutResult> results =
        atOnce(
            contents.stream()
                .map(content ->
                    (Callable<PutResult>) () -> store.putIfAbsent(location, content, TEXT))
                .toList());

    // then
    assertThat(results).containsOnlyOnce(PutResult.STORED);
    assertThat(text(location)).contains("content " + results.indexOf(PutResult.STORED));
  }

  @Test
  void aStoreWhosePutIfAbsentIsAtomicHasNoShortcoming() throws IOException {
    assumeTrue(whyPutIfAbsentIsNotAtomic().isEmpty(), whyPutIfAbsentIsNotAtomic().orElse(""));
    // given
    ObjectLocation location = at("job-1.log");
    store.put(location, file("text"), TEXT);

    // when
    Optional<String> shortcoming = store.shortcoming(location.bucket());

    // then
    assertThat(shortcoming).isEmpty();
    assertThat(store.list(location.bucket(), "")).hasSize(1);
  }

  @Test
  void ofConcurrentLargePutsIfAbsentExactlyOneStores() throws Exception {
    assumeTrue(whyPutIfAbsentIsNotAtomic().isEmpty(), whyPutIfAbsentIsNotAtomic().orElse(""));
    // given
    ObjectLocation location = at("job-1.log");
    store.put(at("creates-the-bucket"), file(""), TEXT);
    RandomFile first = randomFile(severalPartsInBytes());
    RandomFile second = randomFile(severalPartsInBytes() + 1);

    // when
    List<Optional<PutResult>> results =
        atOnce(
            List.of(
                () -> unlessEnded(() -> store.putIfAbsent(location, first.path(), TEXT)),
                () -> unlessEnded(() -> store.putIfAbsent(location, second.path(), TEXT))));

    // then
    assertThat(results).containsOnlyOnce(Optional.of(PutResult.STORED));
    RandomFile winner = results.getFirst().equals(Optional.of(PutResult.STORED)) ? first : second;
    assertThat(sha256(location)).isEqualTo(winner.sha256());
    assertThat(store.putIfAbsent(location, first.path(), TEXT)).isEqualTo(PutResult.ALREADY_EXISTS);
  }

  /** The result; empty if the other upload ended this one before it began. */
  private static Optional<PutResult> unlessEnded(Callable<PutResult> put) throws Exception {
    try {
      return Optional.of(put.call());
    } catch (ObjectStoreException e) {
      assertThat(e.isRetryable()).as(e.getMessage()).isTrue();
      return Optional.empty();
    }
  }

  @Test
  void severalPutsIntoOneMissingBucketCreateItOnce() throws Exception {
    // given
    var puts = new ArrayList<Callable<PutResult>>();
    for (int i = 0; i < 4; i++) {
      ObjectLocation location = at("job-" + i + ".log");
      Path file = file("x");
      puts.add(() -> store.putIfAbsent(location, file, TEXT));
    }

    // when
    List<PutResult> results = atOnce(puts);

    // then
    assertThat(results).containsOnly(PutResult.STORED).hasSize(4);
    assertThat(store.list(bucket, "")).hasSize(4);
  }

  @Test
  void anEmptyFileIsAnEmptyObject() throws IOException {
    // given
    ObjectLocation location = at("empty.log");

    // when
    PutResult result = store.putIfAbsent(location, file(""), TEXT);

    // then
    assertThat(result).isEqualTo(PutResult.STORED);
    assertThat(store.stat(location)).map(StoredObject::bytes).contains(0L);
    assertThat(text(location)).contains("");
  }

  @Test
  void aFileOfSeveralPartsArrivesWhole() throws IOException {
    // given
    ObjectLocation location = at("large.log");
    RandomFile file = randomFile(severalPartsInBytes());
    var attributes =
        new ObjectAttributes("text/plain; charset=utf-8", Map.of("mstc-reply", "{\"a\":  1}"));

    // when
    PutResult result = store.putIfAbsent(location, file.path(), attributes);

    // then
    assertThat(result).isEqualTo(PutResult.STORED);
    assertThat(store.stat(location))
        .hasValueSatisfying(described(location, severalPartsInBytes(), attributes));
    assertThat(sha256(location)).isEqualTo(file.sha256());
  }

  @Test
  void aFileOfSeveralPartsReplacesAndIsNotReplaced() throws IOException {
    // given
    ObjectLocation location = at("large.log");
    RandomFile file = randomFile(severalPartsInBytes());
    store.put(location, file("small"), TEXT);

    // when
    PutResult refused = store.putIfAbsent(location, file.path(), TEXT);
    Optional<String> before = text(location);
    store.put(location, file.path(), TEXT);

    // then
    assertThat(refused).isEqualTo(PutResult.ALREADY_EXISTS);
    assertThat(before).contains("small");
    assertThat(sha256(location)).isEqualTo(file.sha256());
  }

  @Test
  void aMissingObjectIsEmpty() throws IOException {
    // given
    store.put(at("another"), file("x"), TEXT);

    // when
    ObjectLocation missing = at("missing");

    // then
    assertThat(store.stat(missing)).isEmpty();
    assertThat(store.read(missing)).isEmpty();
    assertThat(store.list(bucket, "missing")).isEmpty();
  }

  @Test
  void aMissingBucketIsEmpty() {
    // when
    ObjectLocation missing = at("missing");

    // then
    assertThat(store.stat(missing)).isEmpty();
    assertThat(store.read(missing)).isEmpty();
    assertThat(store.list(bucket, "")).isEmpty();
  }

  @Test
  void aMissingBucketIsCreatedForALargeFileToo() throws IOException {
    // given
    RandomFile file = randomFile(severalPartsInBytes());

    // when
    store.put(at("large.log"), file.path(), TEXT);

    // then
    assertThat(sha256(at("large.log"))).isEqualTo(file.sha256());
  }

  @Test
  void aMissingBucketIsAPermanentFailureWhereNoneMayBeCreated() throws IOException {
    try (ObjectStore strict = openWithoutCreatingBuckets()) {
      // given
      Path file = file("x");

      // when
      ObjectStoreException failure =
          failureOf(() -> strict.putIfAbsent(at("job-1.log"), file, TEXT));

      // then
      assertThat(failure.isRetryable()).as(failure.getMessage()).isFalse();
      assertThat(failure)
          .hasMessageContaining(bucket.value())
          .hasMessageContaining("no such bucket");
      assertThat(store.list(bucket, "")).isEmpty();
    }
  }

  @Test
  void aMissingFileIsAPermanentFailureThatNamesIt() {
    // given
    Path missing = folder.resolve("no-such-spool");

    // when
    ObjectStoreException failure = failureOf(() -> store.put(at("job-1.log"), missing, TEXT));

    // then
    assertThat(failure.isRetryable()).as(failure.getMessage()).isFalse();
    assertThat(failure).hasMessageContaining("no-such-spool");
  }

  @Test
  void metadataComesBackAsItWas() throws IOException {
    // given
    ObjectLocation location = at("job-1.log");
    String reply =
        "{\"result\": \"Job  a-b   failed: \\\"exit code 3\\\" at C:\\\\temp, 100% + [x] = 'y';\"}";
    var metadata =
        Map.of(
            "mstc-request-sha256",
            "0".repeat(64),
            "mstc-reply",
            reply + " {" + "a  b,".repeat((1536 - reply.length() - 3) / 5) + "}");

    // when
    store.put(location, file("x"), new ObjectAttributes("text/plain", metadata));

    // then
    assertThat(store.stat(location)).map(StoredObject::metadata).contains(metadata);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "with space.log",
        "two  spaces.log",
        "a+b.log",
        "100%.log",
        "100%25%2F.log",
        "a#b.log",
        "a?b&c=d.log",
        "a;b,c:d@e$f!g(h)~.log",
        "quote'd.log",
        "nested/deep er/than+this/job-1.log",
        "größe-日本-😀.log",
        ".hidden.log",
        ".mstc/job-1/00000001"
      })
  void aKeyIsTakenAsItIs(String key) throws IOException {
    // given
    ObjectLocation location = at(key);

    // when
    store.put(location, file(key), TEXT);

    // then
    assertThat(text(location)).contains(key);
    assertThat(store.stat(location)).map(StoredObject::location).contains(location);
    assertThat(store.list(bucket, key))
        .containsExactly(new ObjectListing(location, key.getBytes(UTF_8).length));
  }

  @Test
  void aListingOfManyObjectsIsCompleteOrCutAndSorted() throws Exception {
    // given
    store.put(at("other/x"), file("x"), TEXT);
    Path file = file("x");
    List<String> keys = IntStream.range(0, 1005).mapToObj("many/%04d.log"::formatted).toList();
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      var puts =
          keys.stream().map(key -> threads.submit(() -> store.put(at(key), file, TEXT))).toList();
      for (Future<?> put : puts) {
        put.get();
      }
    }

    // when
    List<ObjectListing> listing = store.list(bucket, "many/");
    List<ObjectListing> more = store.list(bucket, "many/", 1003);
    List<ObjectListing> few = store.list(bucket, "many/", 3);

    // then
    assertThat(listing).extracting(line -> line.location().key()).containsExactlyElementsOf(keys);
    assertThat(more).isEqualTo(listing.subList(0, 1003));
    assertThat(few).isEqualTo(listing.subList(0, 3));
    assertThat(store.list(bucket, "many/", 1006)).isEqualTo(listing);
  }

  @Test
  void aListingIsSortedByTheBytesOfUtf8() throws IOException {
    // given
    for (String key : List.of("😀", "ﬁ", "é", "a/b", "a-b", "B")) {
      store.put(at(key), file("x"), TEXT);
    }

    // when
    List<ObjectListing> listing = store.list(bucket, "");

    // then
    assertThat(listing)
        .extracting(line -> line.location().key())
        .containsExactly("B", "a-b", "a/b", "é", "ﬁ", "😀");
  }

  @Test
  void aListingHoldsWhatBeginsWithThePrefixAndNothingElse() throws IOException {
    // given
    for (String key :
        List.of(".mstc/job-1/1", ".mstc/job-1/2", ".mstc/job-10/1", ".mstcx", "job-1")) {
      store.put(at(key), file("x"), TEXT);
    }

    // when
    List<ObjectListing> folder = store.list(bucket, ".mstc/job-1/");
    List<ObjectListing> middleOfAName = store.list(bucket, ".mstc/job-1/2");

    // then
    assertThat(folder)
        .containsExactly(
            new ObjectListing(at(".mstc/job-1/1"), 1), new ObjectListing(at(".mstc/job-1/2"), 1));
    assertThat(middleOfAName).containsExactly(new ObjectListing(at(".mstc/job-1/2"), 1));
  }

  @Test
  void whatIsDeletedIsGoneAndMayBeStoredAgain() throws IOException {
    // given
    ObjectLocation location = at(".mstc/job-1/1");
    store.put(location, file("first"), TEXT);

    // when
    store.delete(location);

    // then
    assertThat(store.stat(location)).isEmpty();
    assertThat(store.read(location)).isEmpty();
    assertThat(store.list(bucket, "")).isEmpty();
    assertThat(store.putIfAbsent(location, file("second"), TEXT)).isEqualTo(PutResult.STORED);
    assertThat(text(location)).contains("second");
  }

  @Test
  void deletingTouchesNoOtherKey() throws IOException {
    // given
    List<String> others = List.of(".mstc/job-1/10", ".mstc/job-1/2", ".mstc/job-10/1", "job-1");
    for (String key : others) {
      store.put(at(key), file(key), TEXT);
    }
    store.put(at(".mstc/job-1/1"), file("x"), TEXT);

    // when
    store.delete(at(".mstc/job-1/1"));

    // then
    assertThat(store.list(bucket, ""))
        .extracting(line -> line.location().key())
        .containsExactlyElementsOf(others);
    assertThat(text(at(".mstc/job-1/10"))).contains(".mstc/job-1/10");
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "missing/deeper", ".mstc", ".mstc/job-1", ".mstc/job-1/"})
  void deletingWhatIsNotThereDoesNothing(String missing) throws IOException {
    // given
    store.put(at(".mstc/job-1/1"), file("x"), TEXT);

    // when
    store.delete(at(missing));
    store.delete(at(missing));

    // then
    assertThat(store.list(bucket, "")).containsExactly(new ObjectListing(at(".mstc/job-1/1"), 1));
  }

  @Test
  void deletingFromAMissingBucketDoesNothing() {
    // when
    store.delete(at("missing"));

    // then
    assertThat(store.list(bucket, "")).isEmpty();
  }

  @Test
  void discardingUploadsWhereThereAreNoneDoesNothing() throws IOException {
    // given
    store.put(at("job-1.log"), file("x"), TEXT);

    // when
    store.discardUploads(at("job-1.log"));
    store.discardUploads(at("job-1.log"));
    store.discardUploads(at("missing"));

    // then
    assertThat(store.list(bucket, "")).containsExactly(new ObjectListing(at("job-1.log"), 1));
  }

  @Test
  void discardingUploadsInAMissingBucketDoesNothing() {
    // when
    store.discardUploads(at("missing"));

    // then
    assertThat(store.list(bucket, "")).isEmpty();
  }

  @Test
  void objectsMayComeAndGoAtOnce() throws Exception {
    // given
    Path file = file("x");
    store.put(at("creates-the-bucket"), file, TEXT);
    var calls = new ArrayList<Callable<List<ObjectListing>>>();
    for (int i = 0; i < 8; i++) {
      ObjectLocation location = at(".mstc/job-1/" + i);
      calls.add(() -> {
        for (int round = 0; round < 20; round++) {
          putWhileOthersDelete(location, file);
          store.delete(location);
        }
        putWhileOthersDelete(location, file);
        return store.list(bucket, location.key());
      });
    }

    // when
    List<List<ObjectListing>> listings = atOnce(calls);

    // then
    assertThat(listings).allSatisfy(listing -> assertThat(listing).hasSize(1));
    assertThat(store.list(bucket, ".mstc/job-1/")).hasSize(8);
  }

  @Test
  void aStoreThatAnswersPassesItsCheck() {
    // when
    ThrowingCallable check = store::check;

    // then
    assertThatCode(check).doesNotThrowAnyException();
  }

  @Test
  void wrongCredentialsAreAPermanentFailureOfEveryCall() throws IOException {
    // given
    ObjectLocation location = at("job-1.log");
    Path file = file("x");
    store.put(location, file, TEXT);

    try (ObjectStore refused = openWithWrongCredentials()) {
      // when
      List<ObjectStoreException> failures = failuresOfEveryCall(refused, location, file);

      // then
      assertThat(failures)
          .allSatisfy(e -> assertThat(e.isRetryable()).as(e.getMessage()).isFalse());
    }
  }

  @Test
  void aStoreThatCannotBeReachedIsARetryableFailureOfEveryCallInBoundedTime() throws IOException {
    // given
    Path file = file("x");
    Instant start = Instant.now();

    try (ObjectStore unreachable = openWhereNothingListens()) {
      // when
      List<ObjectStoreException> failures = failuresOfEveryCall(unreachable, at("job-1.log"), file);

      // then
      assertThat(failures).allSatisfy(e -> assertThat(e.isRetryable()).as(e.getMessage()).isTrue());
      assertThat(Duration.between(start, Instant.now())).isLessThan(UNREACHABLE_WITHIN);
    }
  }

  @Test
  void anInterruptedThreadGetsARetryableFailureAndKeepsItsFlag() throws IOException {
    // given
    Path file = file("x");
    Thread.currentThread().interrupt();

    // when
    ObjectStoreException failure;
    boolean interrupted;
    try {
      failure = failureOf(() -> store.put(at("job-1.log"), file, TEXT));
    } finally {
      interrupted = Thread.interrupted();
    }

    // then
    assertThat(failure.isRetryable()).as(failure.getMessage()).isTrue();
    assertThat(failure).hasMessageContaining("interrupted");
    assertThat(interrupted).isTrue();
    assertThat(store.stat(at("job-1.log"))).isEmpty();
  }

  @Test
  void aClosedStoreFailsRetryablyAndMayBeClosedAgain() {
    // given
    ObjectStore closed = open();
    closed.close();

    // when
    ObjectStoreException failure = failureOf(closed::check);
    closed.close();

    // then
    assertThat(failure.isRetryable()).as(failure.getMessage()).isTrue();
    assertThat(failure).hasMessageContaining("closed");
  }

  /** Servers may write the space before a media type's parameters, or leave it out. */
  private static Consumer<StoredObject> described(
      ObjectLocation location, long bytes, ObjectAttributes attributes) {
    return object -> {
      assertThat(object.location()).isEqualTo(location);
      assertThat(object.bytes()).isEqualTo(bytes);
      assertThat(object.contentType()).isEqualToIgnoringWhitespace(attributes.contentType());
      assertThat(object.metadata()).isEqualTo(attributes.metadata());
    };
  }

  private static List<ObjectStoreException> failuresOfEveryCall(
      ObjectStore store, ObjectLocation location, Path file) {
    return List.of(
        failureOf(() -> store.put(location, file, TEXT)),
        failureOf(() -> store.putIfAbsent(location, file, TEXT)),
        failureOf(() -> store.stat(location)),
        failureOf(() -> store.read(location)),
        failureOf(() -> store.list(location.bucket(), "")),
        failureOf(() -> store.delete(location)),
        failureOf(() -> store.discardUploads(location)),
        failureOf(store::check));
  }

  private static ObjectStoreException failureOf(ThrowingCallable call) {
    return assertThatExceptionOfType(ObjectStoreException.class).isThrownBy(call).actual();
  }

  /**
   * MinIO refuses an object whose folder it removes at that moment, with the last other object in
   * it: "access denied", once in thousands of times. Whoever puts an object repeats that.
   */
  private void putWhileOthersDelete(ObjectLocation location, Path file) {
    for (int refusals = 0; ; refusals++) {
      try {
        store.put(location, file, TEXT);
        return;
      } catch (ObjectStoreException e) {
        if (refusals == MAX_REFUSALS) {
          throw e;
        }
      }
    }
  }

  private static <T> List<T> atOnce(List<Callable<T>> calls) throws Exception {
    var start = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<T>> futures =
          calls.stream()
              .map(call ->
                  threads.submit(() -> {
                    start.await();
                    return call.call();
                  }))
              .toList();
      start.countDown();
      var results = new ArrayList<T>();
      for (Future<T> future : futures) {
        results.add(future.get());
      }
      return results;
    }
  }

  /** A location in this test's own bucket. */
  protected final ObjectLocation at(String key) {
    return new ObjectLocation(bucket, key);
  }

  private Path file(String content) throws IOException {
    return Files.writeString(Files.createTempFile(folder, "content", ".txt"), content);
  }

  private Optional<String> text(ObjectLocation location) throws IOException {
    Optional<InputStream> content = store.read(location);
    if (content.isEmpty()) {
      return Optional.empty();
    }
    try (InputStream stream = content.get()) {
      return Optional.of(new String(stream.readAllBytes(), UTF_8));
    }
  }

  private String sha256(ObjectLocation location) throws IOException {
    MessageDigest digest = newSha256();
    try (InputStream stream = store.read(location).orElseThrow();
        var sink = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
      stream.transferTo(sink);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private record RandomFile(Path path, String sha256) {}

  private RandomFile randomFile(long bytes) throws IOException {
    Path path = Files.createTempFile(folder, "random", ".bin");
    var random = new Random(bytes);
    byte[] block = new byte[1 << 20];
    MessageDigest digest = newSha256();
    try (var sink = new DigestOutputStream(Files.newOutputStream(path), digest)) {
      for (long left = bytes; left > 0; left -= block.length) {
        random.nextBytes(block);
        sink.write(block, 0, (int) Math.min(left, block.length));
      }
    }
    return new RandomFile(path, HexFormat.of().formatHex(digest.digest()));
  }

  private static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }
}
