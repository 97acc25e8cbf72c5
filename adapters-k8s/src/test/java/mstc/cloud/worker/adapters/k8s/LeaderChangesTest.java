package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.store.InMemoryObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs that leaders read who come and go at random: complete is said only of what is. */
class LeaderChangesTest {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderChangesTest.class);

  private static final Instant BEGIN = Instant.parse("2026-11-23T10:00:00.25Z");
  private static final int FILE_BYTES = 4000;
  private static final ScriptedKubelet.Rules RULES =
      new ScriptedKubelet.Rules(FILE_BYTES, 200, Duration.ofSeconds(10), 1500);

  /** Sizes are so much smaller than a kubelet's. */
  private static final long SCALE = (10L << 20) / FILE_BYTES;

  private static final Job JOB =
      new Job(
          UniqueName.of(new JobName("solve"), new UUID(1, 2)),
          WorkRequest.builder().image("solver").jobName("solve").inputBucket("results").build(),
          List.of());
  private static final String NAME = JOB.name().value();

  private static final int HISTORIES = Integer.getInteger("mstc.histories", 250);

  private static final List<Ending> ENDINGS = List.of(Ending.values());

  @TempDir Path folder;

  /** What is said of a log, and what is right. */
  private enum Verdict {
    WHOLE_AND_SAID_SO,
    NOT_WHOLE_AND_SAID_SO,
    WHOLE_BUT_SAID_NOT,
    NOT_WHOLE_BUT_SAID_SO
  }

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
    private int leaders;
    private Path spoolFolder;
    private Spool spool;
    private LogArchive archive = new LogArchive(store);

    History(long seed) throws IOException {
      random = new Random(seed);
      // The one thing that is taken for granted: no rotation in the first three seconds.
      Instant firstLook =
          BEGIN
              .truncatedTo(ChronoUnit.SECONDS)
              .plusSeconds(3)
              .plusNanos(random.nextLong(10_000_000_000L));
      kubelet = ScriptedJob.written(RULES, BEGIN, firstLook, random);
      spoolFolder = folder.resolve("leader-0");
      spool = Spool.open(spoolFolder, 1L << 30);
    }

    Verdict play() throws IOException {
      Instant from = BEGIN.plusMillis(random.nextInt(4) == 0 ? random.nextInt(20_000) : 900);
      Optional<ScriptedFollower.Attached> attached = Optional.empty();
      while (true) {
        leaders++;
        Map<String, Set<String>> successors = leaders > 1 ? restored() : Map.of();
        SpooledLog log = spool.log(NAME, "pod");
        ScriptedFollower follower =
            new ScriptedFollower(
                kubelet, log, RULES, random, random.nextInt(4) == 0, random.nextInt(3) > 0, from);
        if (attached.isPresent()) {
          follower.attach(
              attached.get(),
              successors.getOrDefault("pod", Set.of()).contains("replica-" + leaders));
        }
        attached = Optional.empty();
        boolean lastOne = leaders == 5 || random.nextInt(4) == 0;
        Instant until = lastOne ? Instant.MAX : from.plusMillis(random.nextInt(40_000));
        if (follow(follower, log, from, until)) {
          log.noteWhatIsNotProven(kubelet.startedAt(), Optional.of(kubelet.end()));
          log.noteWhole();
          log.close();
          return verdict(log);
        }
        Instant next = until;
        switch (ENDINGS.get(random.nextInt(ENDINGS.size()))) {
          case STOPPED -> {
            if (random.nextInt(5) > 0 && until.isBefore(kubelet.end())) {
              attached = attach(until);
              next = until.plusMillis(random.nextInt(400));
              if (follow(follower, log, until, next.plusMillis(random.nextInt(4000)))) {
                log.close();
                // Its log is whole, and handed over as such.
                save(log, Set.of());
                next = next.plusSeconds(4);
                from = next;
                change();
                continue;
              }
              next = next.plusSeconds(4);
            }
            log.close();
            save(
                log,
                follower.isCaughtUp() && attached.isPresent()
                    ? Set.of("replica-" + (leaders + 1))
                    : Set.of());
            from = next.plusMillis(random.nextInt(500));
          }
          case KILLED -> from = next.plusMillis(random.nextInt(20_000));
          case CUT_OFF -> {
            log.close();
            from = next.plusMillis(15_000 + random.nextInt(5_000));
          }
        }
        change();
      }
    }

    /** Another worker leads, or this one again, with what it had. */
    private void change() {
      spool.close();
      if (random.nextInt(5) > 0) {
        spoolFolder = folder.resolve("leader-" + leaders);
      }
      spool = Spool.open(spoolFolder, 1L << 30);
      archive = new LogArchive(store);
    }

    private Map<String, Set<String>> restored() throws IOException {
      return archive.restore(JOB, spool);
    }

    private Optional<ScriptedFollower.Attached> attach(Instant at) {
      return Optional.of(
          new ScriptedFollower.Attached(kubelet.open(at, true, Optional.empty()), at));
    }

    /** Follows, and keeps what a leader keeps, a look a second. */
    private boolean follow(ScriptedFollower follower, SpooledLog log, Instant from, Instant until)
        throws IOException {
      boolean storeIsAway = random.nextInt(6) == 0;
      Instant keptAt = from;
      Instant look = from;
      while (look.isBefore(until)) {
        look = look.plusSeconds(1);
        if (look.isAfter(until)) {
          look = until;
        }
        if (follower.follow(look)) {
          return true;
        }
        long kept = archive.keptBytes(JOB.name(), "pod");
        if (!storeIsAway
            && LogKeeping.isDue(
                log.wholeBytes() * SCALE, kept * SCALE, Duration.between(keptAt, look))) {
          save(log, Set.of());
          keptAt = look;
        }
      }
      return false;
    }

    private void save(SpooledLog log, Set<String> successors) throws IOException {
      try {
        archive.save(JOB, log, spool, successors);
      } catch (ObjectStoreException e) {
        throw new IOException(e);
      }
    }

    private Verdict verdict(SpooledLog log) throws IOException {
      boolean whole = Arrays.equals(Files.readAllBytes(log.file()), kubelet.written());
      boolean saidWhole = log.gaps().isEmpty();
      if (whole) {
        return saidWhole ? Verdict.WHOLE_AND_SAID_SO : Verdict.WHOLE_BUT_SAID_NOT;
      }
      return saidWhole ? Verdict.NOT_WHOLE_BUT_SAID_SO : Verdict.NOT_WHOLE_AND_SAID_SO;
    }

    @Override
    public void close() throws IOException {
      spool.close();
      for (int leader = 0; leader <= leaders; leader++) {
        Path of = folder.resolve("leader-" + leader);
        if (Files.exists(of)) {
          try (Spool left = Spool.open(of, 1L << 30)) {
            left.remove(NAME);
          }
        }
      }
    }
  }

  @Test
  void noLogIsSaidToBeCompleteThatIsNot() throws IOException {
    // when
    Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
    for (long seed = 0; seed < HISTORIES; seed++) {
      try (History history = new History(seed)) {
        Verdict verdict = history.play();
        if (verdict == Verdict.NOT_WHOLE_BUT_SAID_SO) {
          LOG.error("seed={} leaders={}", seed, history.leaders);
        }
        counts.merge(verdict, 1, Integer::sum);
      }
    }
    LOG.info("{}", counts);

    // then
    assertThat(counts).doesNotContainKey(Verdict.NOT_WHOLE_BUT_SAID_SO);
    assertThat(counts).containsKeys(Verdict.WHOLE_AND_SAID_SO, Verdict.NOT_WHOLE_AND_SAID_SO);
  }
}
