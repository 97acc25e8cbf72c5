package mstc.cloud.worker.adapters.k8s.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs that leaders read who come and go at random: complete is said only of what is. */
@Execution(ExecutionMode.CONCURRENT)
class LeaderChangesTest {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderChangesTest.class);

  private static final Instant BEGIN = Instant.parse("2026-11-23T10:00:00.25Z");

  /** Sizes are so much smaller than a kubelet's. */
  private static final long SCALE = (10L << 20) / ScriptedJob.RULES.fileBytes();

  private static final int MAX_LEADERS = 5;
  private static final long SPOOL_BYTES = 1L << 30;

  private static final Job JOB =
      new Job(
          UniqueName.of(new JobName("solve"), new UUID(1, 2)),
          WorkRequest.builder().image("solver").jobName("solve").inputBucket("results").build(),
          List.of());
  private static final String NAME = JOB.name().value();

  private static final int HISTORIES = Integer.getInteger("mstc.histories", 250);

  private static final List<Ending> ENDINGS = List.of(Ending.values());

  /** The least part of all histories whose logs are whole, and said to be. */
  private static final double LEAST_WHOLE = 0.3;

  @TempDir Path folder;

  /** How a leader ends. */
  private enum Ending {
    STOPPED,
    KILLED,
    CUT_OFF
  }

  /** One log's life under leaders. */
  private final class History implements AutoCloseable {
    private final Random random;
    private final ScriptedKubelet kubelet;
    private final InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
    private final Instant goneAt;
    private Instant now = BEGIN;
    private Optional<ScriptedKubelet.Stream> attached = Optional.empty();
    private int leaders;
    private Path spoolFolder;

    History(long seed) {
      random = new Random(seed);
      // The one thing that is taken for granted: no rotation in the first three seconds.
      Instant firstLook =
          BEGIN
              .truncatedTo(ChronoUnit.SECONDS)
              .plusSeconds(3)
              .plusNanos(random.nextLong(10_000_000_000L));
      kubelet = ScriptedJob.written(ScriptedJob.RULES, BEGIN, firstLook, random);
      // Now and then someone deletes the pod once its container has ended.
      goneAt =
          random.nextInt(3) == 0 ? kubelet.end().plusMillis(random.nextInt(20_000)) : Instant.MAX;
      spoolFolder = folder.resolve("leader-0");
    }

    LogVerdict play() throws IOException {
      now = BEGIN.plusMillis(random.nextInt(4) == 0 ? random.nextInt(20_000) : 900);
      while (true) {
        leaders++;
        try (Spool spool = Spool.open(spoolFolder, new Spool.Limits(SPOOL_BYTES, SPOOL_BYTES))) {
          Leader leader = new Leader(spool);
          if (leader.lead()) {
            return LogVerdict.of(leader.log, kubelet);
          }
        }
        if (random.nextInt(5) > 0) {
          spoolFolder = folder.resolve("leader-" + leaders);
        }
      }
    }

    /** One of them, with what it finds of those before. */
    private final class Leader {
      private final Spool spool;
      private final LogArchive archive = new LogArchive(store);
      private final ScriptedLogSource source =
          new ScriptedLogSource(kubelet, random, random.nextInt(4) == 0, now);
      private final boolean storeIsAway = random.nextInt(6) == 0;
      private final Instant endKnown = kubelet.end().plusMillis(random.nextInt(3000));
      private final Ending ending = ENDINGS.get(random.nextInt(ENDINGS.size()));
      private final Instant until =
          leaders == MAX_LEADERS || random.nextInt(4) == 0
              ? Instant.MAX
              : now.plusMillis(random.nextInt(40_000));
      private final SpooledLog log;
      private final PodLog podLog;
      private Instant keptAt = now;
      private Instant lookedAt = now;
      private @Nullable Instant left;

      Leader(Spool spool) throws IOException {
        this.spool = spool;
        archive.restore(JOB, spool);
        log = spool.log(NAME, "pod", kubelet.startedAt());
        podLog =
            new PodLog(
                source,
                log,
                ScriptedJob.CONTAINER,
                source,
                ScriptedJob.SIZES,
                attached.map(source::goingOn));
        attached = Optional.empty();
      }

      /** Whether it reads the log to its end. */
      boolean lead() throws IOException {
        source.onTime(this::look);
        source.beGone(goneAt);
        source.slowPins(Duration.ofMillis(random.nextInt(3) == 0 ? random.nextInt(1000) : 0));
        podLog.run();
        now = source.now();
        if (log.isWhole()) {
          return true;
        }
        switch (ending) {
          case STOPPED -> {
            archive.save(JOB, log, spool);
            now = now.plusMillis(random.nextInt(random.nextInt(4) == 0 ? 20_000 : 800));
          }
          case KILLED -> {
            // It had no time to note where it was.
            spool.remove(NAME);
            now = now.plusMillis(random.nextInt(20_000));
          }
          case CUT_OFF -> now = now.plusMillis(15_000 + random.nextInt(5_000));
        }
        return false;
      }

      private void look() {
        Instant time = source.now();
        if (!time.isBefore(endKnown)) {
          podLog.containerEnded(Optional.of(kubelet.end()));
        }
        if (!time.isBefore(until) && left == null) {
          left = time;
          end(time);
        }
        if (left == null && !time.isBefore(lookedAt.plusSeconds(1))) {
          lookedAt = time;
          keep(time);
        }
      }

      private void end(Instant time) {
        if (ending != Ending.STOPPED) {
          podLog.close();
          return;
        }
        // Others pin what the leader says is long; what is not must do no harm.
        if ((podLog.isLong() || random.nextInt(3) == 0) && random.nextInt(5) > 0) {
          attached = Optional.of(kubelet.open(time, false, Optional.empty()));
        }
        podLog.leave();
      }

      /** What a leader keeps from time to time. */
      private void keep(Instant time) {
        long kept = archive.keptBytes(JOB.name(), "pod");
        if (!storeIsAway
            && LogKeeping.isDue(
                log.mark().bytes() * SCALE, kept * SCALE, Duration.between(keptAt, time))) {
          try {
            archive.save(JOB, log, spool);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
          keptAt = time;
        }
      }
    }

    @Override
    public void close() {
      for (int leader = 0; leader <= leaders; leader++) {
        Path of = folder.resolve("leader-" + leader);
        if (Files.exists(of)) {
          try (Spool spool = Spool.open(of, new Spool.Limits(SPOOL_BYTES, SPOOL_BYTES))) {
            spool.remove(NAME);
          }
        }
      }
    }
  }

  @Test
  void noLogIsSaidToBeCompleteThatIsNot() throws IOException {
    // when
    Map<LogVerdict, Integer> counts = new EnumMap<>(LogVerdict.class);
    for (long seed = 0; seed < HISTORIES; seed++) {
      try (History history = new History(seed)) {
        LogVerdict verdict = history.play();
        if (verdict == LogVerdict.NOT_WHOLE_BUT_SAID_SO) {
          LOG.error("seed={} leaders={}", seed, history.leaders);
        }
        counts.merge(verdict, 1, Integer::sum);
      }
    }
    LOG.info("{}", counts);

    // then
    assertThat(counts).doesNotContainKey(LogVerdict.NOT_WHOLE_BUT_SAID_SO);
    assertThat(counts).containsKeys(LogVerdict.WHOLE_AND_SAID_SO, LogVerdict.NOT_WHOLE_AND_SAID_SO);
    // A history whose log is not said to be whole shows little.
    assertThat(counts.get(LogVerdict.WHOLE_AND_SAID_SO))
        .isGreaterThan((int) (HISTORIES * LEAST_WHOLE));
  }
}
