package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.adapters.k8s.cluster.WakeableTimer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of logs while the spool's disk is full. */
class FullDiskTest {
  private static final int MAX_BYTES = 10_000;
  private static final String FIRST = "2026-11-23T10:00:01.000000001Z first\n";
  private static final String SECOND = "2026-11-23T10:00:01.000000002Z second\n";

  private static final Instant STARTED = Instant.parse("2026-11-23T10:00:00Z");

  @TempDir Path folder;
  private final FullDisk disk = new FullDisk();
  private Spool spool;
  private SpooledLog log;

  @BeforeEach
  void open() throws IOException {
    spool = Spool.open(folder, new Spool.Limits(MAX_BYTES, MAX_BYTES), disk);
    log = spool.log("job", "pod", STARTED);
  }

  @AfterEach
  void close() throws IOException {
    log.close();
    spool.close();
  }

  private void read(String stream) throws IOException {
    byte[] bytes = stream.getBytes(UTF_8);
    log.reading(STARTED).add(bytes, bytes.length);
  }

  private int room() {
    int room = spool.room().reserve(MAX_BYTES);
    spool.room().release(room);
    return room;
  }

  @Test
  void whatFindsNoRoomLeavesTheLogAsItWasAndTheNextStreamGoesOn() throws IOException {
    // given
    read(FIRST);
    disk.setRoom(3);

    // when
    assertThatThrownBy(() -> read(FIRST + SECOND))
        .isInstanceOf(SpoolRoom.UnwritableException.class);

    // then
    assertThat(log.file()).hasContent("first\n");
    assertThat(room()).isEqualTo(MAX_BYTES - "first\n".length());
    disk.setRoom(Long.MAX_VALUE);
    read(FIRST + SECOND);
    assertThat(log.file()).hasContent("first\nsecond\n");
    assertThat(log.gaps()).isEmpty();
  }

  @Test
  void aMarkThatFindsNoRoomLeavesTheOneBefore() throws IOException {
    // given
    read(FIRST);
    log.saveMark();
    read(FIRST + SECOND);
    disk.setRoom(3);

    // when
    assertThatThrownBy(log::saveMark).isInstanceOf(SpoolRoom.UnwritableException.class);
    log.close();

    // then
    SpooledLog next = spool.log("job", "pod", STARTED);
    assertThat(next.resumeFrom()).contains(Instant.parse("2026-11-23T10:00:01Z"));
    assertThat(next.file()).hasContent("first\n");
    disk.setRoom(Long.MAX_VALUE);
    next.close();
  }

  @Test
  void whatWasPinnedAndFindsNoRoomTakesNone() throws IOException {
    // given
    read(FIRST + SECOND);
    int before = room();
    disk.setRoom(3);

    // when
    try (SpooledLog.Rewriting pinned = log.rewriting()) {
      byte[] bytes = FIRST.getBytes(UTF_8);
      assertThatThrownBy(() -> pinned.add(bytes, bytes.length))
          .isInstanceOf(SpoolRoom.UnwritableException.class);
    }

    // then
    assertThat(log.file()).hasContent("first\nsecond\n");
    assertThat(room()).isEqualTo(before);
    disk.setRoom(Long.MAX_VALUE);
  }

  @Test
  void noJobsComeWhileTheDiskIsNearlyFullOrAWriteFailed() throws IOException {
    // given
    disk.setUsable(1000);
    Optional<String> little = spool.nearlyFull();
    disk.setUsable(1L << 30);
    Optional<String> enough = spool.nearlyFull();
    disk.setRoom(3);
    assertThatThrownBy(() -> read(FIRST)).isInstanceOf(SpoolRoom.UnwritableException.class);

    // when
    Optional<String> unwritable = spool.nearlyFull();
    disk.setRoom(Long.MAX_VALUE);
    Optional<String> writable = spool.nearlyFull();

    // then
    assertThat(little).hasValueSatisfying(why -> assertThat(why).contains("1000 bytes"));
    assertThat(enough).isEmpty();
    assertThat(unwritable).hasValueSatisfying(why -> assertThat(why).contains("No space left"));
    assertThat(writable).isEmpty();
  }

  @Test
  void attemptsAreJoinedOnceThereIsRoomAndCountedOnce() throws IOException {
    // given
    read(FIRST + SECOND);
    List<AttemptLogs.Attempt> attempts =
        List.of(
            new AttemptLogs.Attempt(log.file(), "exit code 1"),
            new AttemptLogs.Attempt(log.file(), "exit code 0"));
    int before = room();
    disk.setRoom(50);

    // when
    assertThatThrownBy(() -> AttemptLogs.join(attempts, spool, "job"))
        .isInstanceOf(SpoolRoom.UnwritableException.class);
    int meanwhile = room();
    disk.setRoom(Long.MAX_VALUE);
    Path joined = AttemptLogs.join(attempts, spool, "job");

    // then
    assertThat(meanwhile).isEqualTo(before);
    assertThat(Files.readString(joined)).contains("second\n=== attempt 2 of 2");
    assertThat(room()).isEqualTo((int) (before - Files.size(joined)));
  }

  /** Gives the same log again and again. */
  private static final class SameLog implements LogSource {
    private final CountDownLatch opened = new CountDownLatch(2);

    @Override
    public LogStream follow(Container container, Optional<Instant> since) {
      return read(container, since);
    }

    @Override
    public LogStream read(Container container, Optional<Instant> since) {
      opened.countDown();
      return new Given((FIRST + SECOND).getBytes(UTF_8));
    }

    @Override
    public LogStream pin(Container container) {
      return read(container, Optional.empty());
    }

    @Override
    public Optional<Instant> newestFileBegins(Container container) {
      return Optional.empty();
    }
  }

  /** Brings all at once. */
  private static final class Given implements LogStream {
    private byte[] bytes;

    Given(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public int read(byte[] into) {
      int count = bytes.length;
      System.arraycopy(bytes, 0, into, 0, count);
      bytes = new byte[0];
      return count == 0 ? -1 : count;
    }

    @Override
    public void onArrival(Runnable toCall) {
      // There is nothing to wait for.
    }

    @Override
    public void close() {
      bytes = new byte[0];
    }
  }

  @Test
  @Timeout(60)
  void aLogIsReadOnWhenThereIsRoomAgain() throws Exception {
    // given
    disk.setRoom(3);
    SameLog source = new SameLog();
    PodLog podLog =
        new PodLog(
            source,
            log,
            new LogSource.Container("pod", "container"),
            new WakeableTimer(),
            Rotation.Sizes.OF_KUBELETS,
            Optional.empty());
    podLog.containerEnded(Optional.empty());

    // when
    Thread.ofVirtual().start(podLog);
    assertThat(source.opened.await(30, TimeUnit.SECONDS)).isTrue();
    disk.setRoom(Long.MAX_VALUE);
    podLog.awaitDone();

    // then
    assertThat(log.file()).hasContent("first\nsecond\n");
    assertThat(podLog.isComplete()).isTrue();
  }
}
