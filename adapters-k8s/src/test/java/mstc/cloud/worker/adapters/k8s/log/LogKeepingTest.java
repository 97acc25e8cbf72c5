package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static mstc.cloud.worker.testkit.request.WorkRequests.aWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When what was read of logs is kept in the store. */
class LogKeepingTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int MEBIBYTE = 1 << 20;
  private static final Instant STARTED = Instant.parse("2026-11-23T10:00:00Z");
  private static final WorkRequest REQUEST = aWorkRequest().build();
  private static final Job JOB =
      new Job(UniqueName.of(REQUEST.jobName(), new UUID(1, 2)), REQUEST, List.of());

  private final InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
  private final LogArchive archive = new LogArchive(store);
  private final Spool spool;
  private final SpooledLog log;
  private final LogKeeping keeping;
  private volatile boolean isFollowed = true;

  LogKeepingTest(@TempDir Path folder) throws IOException {
    spool = Spool.open(folder, new Spool.Limits(1L << 30, 1L << 30));
    log = spool.log(JOB.name().value(), "pod", STARTED);
    keeping = new LogKeeping(archive, spool, name -> isFollowed);
  }

  @AfterEach
  void closeEverything() throws IOException {
    keeping.close();
    log.close();
    spool.close();
  }

  private void write(int bytes) throws IOException {
    byte[] line = (STARTED + " " + "x".repeat(bytes - 1) + "\n").getBytes(UTF_8);
    log.reading(STARTED).add(line, line.length);
  }

  private long keptBytes() {
    return archive.keptBytes(JOB.name(), "pod");
  }

  @ParameterizedTest
  @CsvSource({
    // Short logs never.
    "3, 0, 3600, false",
    "4, 0, 0, true",
    "8, 4, 0, true",
    // A short tail of a long one after five seconds, any after thirty.
    "5, 4, 4, false",
    "5, 4, 5, true",
    "4, 4, 3600, false",
  })
  void aLogIsDueWhereItIsLongAndItsTailIsLongOrOld(
      int mebibytes, int kept, int seconds, boolean isDue) {
    assertThat(
            LogKeeping.isDue(
                (long) mebibytes * MEBIBYTE, (long) kept * MEBIBYTE, Duration.ofSeconds(seconds)))
        .isEqualTo(isDue);
  }

  @Test
  void anyTailIsDueAfterThirtySeconds() {
    assertThat(LogKeeping.isDue(5L * MEBIBYTE + 1, 5L * MEBIBYTE, Duration.ofSeconds(29)))
        .isFalse();
    assertThat(LogKeeping.isDue(5L * MEBIBYTE + 1, 5L * MEBIBYTE, Duration.ofSeconds(30))).isTrue();
  }

  @Test
  void aLongLogIsKeptWhileItIsRead() throws IOException {
    // given
    keeping.watch(JOB, log);
    keeping.start();

    // when
    write(5 * MEBIBYTE);

    // then
    await().atMost(PATIENCE).until(() -> keptBytes() == 5L * MEBIBYTE);
  }

  @Test
  void aWorkerThatStopsKeepsEvenShortLogs() throws IOException {
    // given
    write(100);
    keeping.watch(JOB, log);

    // when
    keeping.keepAll(PATIENCE);

    // then
    assertThat(keptBytes()).isEqualTo(100);
  }

  @Test
  void aLogThatIsForgottenIsKeptNoLonger() throws IOException {
    // given
    write(100);
    keeping.watch(JOB, log);

    // when
    keeping.forget(JOB.name());
    keeping.keepAll(PATIENCE);

    // then
    assertThat(keptBytes()).isZero();
    assertThat(store.list(REQUEST.outputBucket(), "")).isEmpty();
  }

  @Test
  void nobodyNeedsTheLogOfAJobThatIsFollowedNoFurther() throws IOException {
    // given
    write(100);
    keeping.watch(JOB, log);
    isFollowed = false;

    // when
    keeping.keepAll(PATIENCE);

    // then
    assertThat(store.list(REQUEST.outputBucket(), "")).isEmpty();
  }

  @Test
  void aStoreThatIsAwayKeepsNobodyFromStopping() throws IOException {
    // given
    write(100);
    keeping.watch(JOB, log);
    store.stop();

    // when
    keeping.keepAll(PATIENCE);

    // then
    assertThat(keptBytes()).isZero();
  }
}
