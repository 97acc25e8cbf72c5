package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one worker keeps of a log and another goes on with. */
class LogArchiveTest {
  private static final BucketName BUCKET = new BucketName("results");
  private static final Job JOB =
      new Job(
          UniqueName.of(new JobName("solve"), new UUID(1, 2)),
          WorkRequest.builder().image("solver").jobName("solve").inputBucket("results").build(),
          List.of());
  private static final String NAME = JOB.name().value();
  private static final int LONG = Math.toIntExact(LogArchive.WHOLE_SEGMENT_BYTES);

  private static final Instant STARTED = Instant.parse("2026-11-23T10:00:00Z");

  @TempDir Path folder;
  private final InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
  private final LogArchive archive = new LogArchive(store);
  private final LogArchive otherArchive = new LogArchive(store);
  private Spool spool;
  private Spool otherSpool;
  private SpooledLog log;
  private int second;

  @BeforeEach
  void open() throws IOException {
    spool = Spool.open(folder.resolve("one"), new Spool.Limits(1L << 30, 1L << 30));
    otherSpool = Spool.open(folder.resolve("other"), new Spool.Limits(1L << 30, 1L << 30));
    log = spool.log(NAME, "pod", STARTED);
  }

  @AfterEach
  void close() throws IOException {
    log.close();
    spool.close();
    otherSpool.close();
  }

  private void write(int bytes) throws IOException {
    read(log, line(bytes));
  }

  private String line(int bytes) {
    second++;
    return "%s %s\n".formatted(time(second), "x".repeat(bytes - 1));
  }

  private static Instant time(int second) {
    return Instant.parse("2026-11-23T10:00:00.5Z").plusSeconds(second);
  }

  private static void read(SpooledLog into, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    into.reading(STARTED).add(bytes, bytes.length);
  }

  private void save() throws IOException {
    archive.save(JOB, log, spool);
  }

  private List<String> keys() {
    return store.list(BUCKET, "").stream()
        .map(ObjectListing::location)
        .map(ObjectLocation::key)
        .toList();
  }

  private static ObjectLocation location(String key) {
    return new ObjectLocation(BUCKET, key);
  }

  private void assertTakenOver() throws IOException {
    try (SpooledLog taken = otherSpool.log(NAME, "pod", STARTED)) {
      assertThat(taken.file()).hasSameBinaryContentAs(log.file());
      assertThat(taken.size()).isEqualTo(log.size());
      assertThat(taken.resumeFrom()).isEqualTo(log.resumeFrom());
      assertThat(taken.fileBegins()).isEqualTo(log.fileBegins());
      assertThat(taken.gaps()).isEqualTo(log.gaps());
    }
  }

  /** Nobody's answer waits for what is kept only for the case that a worker dies. */
  @Test
  void whatTheStoreBreaksDownOverIsLeftAfterAWhileAndLongerWhileItIsAway() throws IOException {
    // given
    LogArchive impatient = new LogArchive(store, Duration.ZERO);
    write(LONG);
    impatient.save(JOB, log, spool);
    store.failAt(ObjectLocation.RESERVED_PREFIX);

    // when
    impatient.removeOrLeave(JOB);
    ThrowingCallable patiently =
        () -> {
          archive.restore(JOB, otherSpool);
        };
    ThrowingCallable whileAway =
        () -> {
          store.stop();
          impatient.removeOrLeave(JOB);
        };

    // then
    assertThatThrownBy(patiently).isInstanceOf(ObjectStoreException.class);
    assertThatThrownBy(whileAway).isInstanceOf(ObjectStoreException.class);
    store.start();
    assertThat(keys()).hasSize(1);
    impatient.removeOrLeave(JOB);
    assertThat(keys()).isEmpty();
  }

  @Test
  void whatTheStoreBreaksDownOverIsAsGoodAsNotThereForTheNextWorker() throws IOException {
    // given
    write(LONG);
    save();
    store.failAt(ObjectLocation.RESERVED_PREFIX);

    // when
    new LogArchive(store, Duration.ZERO).restore(JOB, otherSpool);

    // then
    assertThat(otherSpool.otherLogs(NAME, Set.of())).isEmpty();
  }

  @Test
  void anotherWorkerGoesOnWhereOneEnded() throws IOException {
    write(100);
    log.noteGap("the middle is gone: naïve");
    write(50);
    save();

    otherArchive.restore(JOB, otherSpool);

    assertTakenOver();
  }

  @Test
  void anEmptyLogIsHandedOverToo() throws IOException {
    save();

    otherArchive.restore(JOB, otherSpool);

    assertTakenOver();
  }

  @Test
  void aSmallSegmentIsReplacedAndALongOneStays() throws IOException {
    write(100);
    save();
    write(LONG);
    save();
    write(100);
    save();
    write(100);
    save();

    assertThat(keys()).hasSize(2);
    assertThat(archive.keptBytes(JOB.name(), "pod")).isEqualTo(LONG + 300L);
    otherArchive.restore(JOB, otherSpool);
    assertTakenOver();
  }

  @Test
  void aLogThatWasCutBackIsKeptAsItIsThen() throws IOException {
    write(LONG);
    String last = line(100);
    read(log, last);
    log.close();
    log = spool.log(NAME, "pod", STARTED);
    save();
    // What was read of the newest second is read again, and turns out to be something else.
    read(log, last.replace('x', 'y') + line(50));
    save();

    otherArchive.restore(JOB, otherSpool);
    assertTakenOver();
  }

  @Test
  void aWorkerThatDiesBetweenTwoCallsLeavesAWholeState() throws IOException {
    write(100);
    save();
    List<String> before = keys();
    write(100);
    Path kept = spool.sideFile(NAME, "pod", "kept");
    try (InputStream old = store.read(location(before.getFirst())).orElseThrow()) {
      Files.copy(old, kept);
    }
    save();
    // As if it had died before it removed the one that is replaced.
    store.put(location(before.getFirst()), kept, ObjectAttributes.ofType("text/plain"));

    assertThat(keys()).hasSize(2).containsAll(before);
    otherArchive.restore(JOB, otherSpool);
    assertTakenOver();
  }

  @Test
  void theNextSaveDoesWhatFailedBefore() throws IOException {
    write(100);
    store.stop();
    assertThatThrownBy(this::save).isInstanceOf(ObjectStoreException.class);
    store.start();
    write(100);
    save();

    otherArchive.restore(JOB, otherSpool);
    assertTakenOver();
    try (var files = Files.list(spool.folder(NAME))) {
      assertThat(files).noneMatch(file -> file.toString().endsWith("segment"));
    }
  }

  @Test
  void aThirdWorkerGetsWhatTwoHaveRead() throws IOException {
    write(LONG);
    write(100);
    save();
    otherArchive.restore(JOB, otherSpool);
    String more = line(200);
    try (SpooledLog otherLog = otherSpool.log(NAME, "pod", STARTED)) {
      read(otherLog, more);
      otherArchive.save(JOB, otherLog, otherSpool);
    }
    // What the first one still wrote is of no use any more.
    String late = line(10);
    read(log, late);
    save();

    try (Spool third = Spool.open(folder.resolve("third"), new Spool.Limits(1L << 30, 1L << 30))) {
      new LogArchive(store).restore(JOB, third);
      try (SpooledLog thirdLog = third.log(NAME, "pod", STARTED)) {
        assertThat(thirdLog.size()).isIn(LONG + 100L + 200, LONG + 100L + 10);
      }
    }
  }

  @Test
  void whoHasMoreKeepsItAnew() throws IOException {
    write(100);
    save();
    try (SpooledLog otherLog = otherSpool.log(NAME, "pod", STARTED)) {
      read(otherLog, line(100));
      read(otherLog, line(100));
    }
    otherArchive.restore(JOB, otherSpool);
    try (SpooledLog otherLog = otherSpool.log(NAME, "pod", STARTED)) {
      otherArchive.save(JOB, otherLog, otherSpool);
      String text = Files.readString(otherLog.file());
      try (Spool third =
          Spool.open(folder.resolve("third"), new Spool.Limits(1L << 30, 1L << 30))) {
        new LogArchive(store).restore(JOB, third);
        assertThat(third.folder(NAME).resolve("pod.log")).hasContent(text);
      }
    }
  }

  @Test
  void nothingIsLeftBehind() throws IOException {
    write(LONG);
    save();
    write(100);
    save();
    archive.remove(JOB);

    assertThat(keys()).isEmpty();
  }

  @Test
  void partsOfASegmentWhoseWorkerDiedAreRemovedByWhoTookOver() throws IOException {
    // given what is there while a long segment is sent
    write(Math.toIntExact(SegmentStore.MOST_BYTES_IN_ONE_REQUEST));
    save();
    String segment = keys().getFirst();
    store.delete(location(segment));
    assertThat(keys()).hasSize(1);

    // when
    otherArchive.restore(JOB, otherSpool);
    otherArchive.remove(JOB);

    // then
    assertThat(store.discarded()).contains(location(segment));
    assertThat(keys()).isEmpty();
  }

  @Test
  void aLongSegmentIsTakenOver() throws IOException {
    write(Math.toIntExact(SegmentStore.MOST_BYTES_IN_ONE_REQUEST));
    save();

    otherArchive.restore(JOB, otherSpool);

    assertTakenOver();
  }

  @Test
  void nothingIsWrittenOnceItIsRemoved() throws IOException {
    write(100);
    save();
    archive.remove(JOB);
    write(100);
    save();

    assertThat(keys()).isEmpty();
  }

  @Test
  void whoTookOverRemovesTheOthersToo() throws IOException {
    write(100);
    save();
    otherArchive.restore(JOB, otherSpool);
    write(200);
    save();
    otherArchive.remove(JOB);

    assertThat(keys()).isEmpty();
  }

  @Test
  void nothingIsAskedForAJobThatNothingWasKeptOf() {
    store.stop();

    archive.remove(JOB);
    archive.finish(JOB.name());
  }

  @Test
  void whatIsWrittenAfterTheEndIsRemovedByWhoWroteIt() throws IOException {
    write(100);
    save();
    otherArchive.restore(JOB, otherSpool);
    otherArchive.remove(JOB);
    write(100);
    save();
    archive.finish(JOB.name());

    assertThat(keys()).isEmpty();
  }

  @Test
  void whatIsNoSegmentIsLeftAlone() throws IOException {
    Path other = Files.writeString(folder.resolve("other.txt"), "hello\n");
    String key = ObjectLocation.RESERVED_PREFIX + NAME + "/pod/1.a_0_6_begin";
    store.put(location(key), other, ObjectAttributes.ofType("text/plain"));

    otherArchive.restore(JOB, otherSpool);
    assertThat(Files.exists(otherSpool.folder(NAME).resolve("pod.log"))).isFalse();
  }

  @Test
  void aStoreThatRefusesIsNoReasonToWait() throws IOException {
    store.refuse();

    otherArchive.restore(JOB, otherSpool);

    assertThat(otherSpool.folder(NAME)).doesNotExist();
  }

  @Test
  void aStoreThatIsAwayIs() {
    store.stop();

    assertThatThrownBy(() -> otherArchive.restore(JOB, otherSpool))
        .isInstanceOf(ObjectStoreException.class);
  }
}
