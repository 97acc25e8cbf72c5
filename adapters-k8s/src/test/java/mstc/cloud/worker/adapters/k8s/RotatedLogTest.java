package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs as a container runtime rotates them, read as a kubelet gives them, at random. */
class RotatedLogTest {
  private static final Logger LOG = LoggerFactory.getLogger(RotatedLogTest.class);

  private static final Instant BEGIN = Instant.parse("2026-11-23T10:00:00.999990Z");
  private static final ScriptedKubelet.Rules RULES =
      new ScriptedKubelet.Rules(4000, 200, Duration.ofSeconds(10), 1500);

  private static final int HISTORIES = Integer.getInteger("mstc.histories", 250);

  @TempDir Path folder;

  /** What is said of a log, and what is right. */
  private enum Verdict {
    WHOLE_AND_SAID_SO,
    NOT_WHOLE_AND_SAID_SO,
    WHOLE_BUT_SAID_NOT,
    NOT_WHOLE_BUT_SAID_SO
  }

  private static Instant firstLook(Random random) {
    return BEGIN.plusNanos(random.nextLong(10_000_000_000L));
  }

  private Verdict play(long seed, boolean breaks, boolean holds) throws IOException {
    Random random = new Random(seed);
    ScriptedKubelet kubelet = ScriptedJob.written(RULES, BEGIN, firstLook(random), random);
    try (Spool spool = Spool.open(folder, 1_000_000);
        SpooledLog log = spool.log("job", "pod")) {
      ScriptedFollower follower =
          new ScriptedFollower(kubelet, log, RULES, random, breaks, holds, BEGIN.plusMillis(20));
      assertThat(follower.follow(Instant.MAX)).isTrue();
      boolean whole = Arrays.equals(Files.readAllBytes(log.file()), kubelet.written());
      boolean saidWhole = log.gaps().isEmpty();
      spool.remove("job");
      if (whole) {
        return saidWhole ? Verdict.WHOLE_AND_SAID_SO : Verdict.WHOLE_BUT_SAID_NOT;
      }
      return saidWhole ? Verdict.NOT_WHOLE_BUT_SAID_SO : Verdict.NOT_WHOLE_AND_SAID_SO;
    }
  }

  private Map<Verdict, Integer> play(int histories, boolean breaks, boolean holds)
      throws IOException {
    Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
    for (long seed = 0; seed < histories; seed++) {
      Verdict verdict = play(seed, breaks, holds);
      if (verdict == Verdict.NOT_WHOLE_BUT_SAID_SO) {
        LOG.error("seed={} breaks={} holds={}", seed, breaks, holds);
      }
      counts.merge(verdict, 1, Integer::sum);
    }
    LOG.info("breaks={} holds={} {}", breaks, holds, counts);
    return counts;
  }

  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void isReadWholeOrSaidNotToBe(boolean breaks, boolean holds) throws IOException {
    // when
    Map<Verdict, Integer> counts = play(HISTORIES, breaks, holds);

    // then
    assertThat(counts).doesNotContainKey(Verdict.NOT_WHOLE_BUT_SAID_SO);
    assertThat(counts).containsKeys(Verdict.WHOLE_AND_SAID_SO, Verdict.NOT_WHOLE_AND_SAID_SO);
  }
}
