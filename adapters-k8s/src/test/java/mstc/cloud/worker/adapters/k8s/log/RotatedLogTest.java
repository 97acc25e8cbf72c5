package mstc.cloud.worker.adapters.k8s.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs as a container runtime rotates them, read as a kubelet gives them, at random. */
@Execution(ExecutionMode.CONCURRENT)
class RotatedLogTest {
  private static final Logger LOG = LoggerFactory.getLogger(RotatedLogTest.class);

  private static final Instant BEGIN = Instant.parse("2026-11-23T10:00:00.999990Z");

  private static final int HISTORIES = Integer.getInteger("mstc.histories", 250);

  /** How long each piece of a file that was rotated takes. */
  private static final List<Duration> SLOWNESS =
      List.of(
          Duration.ZERO, Duration.ofMillis(100), Duration.ofMillis(300), Duration.ofMillis(700));

  /** The least parts of all histories that show something. */
  private static final double ROTATED = 0.5;

  private static final double DIVIDED = 0.2;
  private static final double WHOLE = 0.95;
  private static final double WHOLE_THOUGH_IT_BREAKS = 0.55;

  @TempDir Path folder;

  /** What a history showed, and whether it was one that could show something. */
  private record Played(LogVerdict verdict, int rotations, int dividedLines) {}

  private Played play(long seed, boolean breaks) throws IOException {
    Random random = new Random(seed);
    Instant firstLook = BEGIN.plusSeconds(2).plusNanos(random.nextLong(10_000_000_000L));
    ScriptedKubelet kubelet = ScriptedJob.written(ScriptedJob.RULES, BEGIN, firstLook, random);
    try (Spool spool = Spool.open(folder, new Spool.Limits(1_000_000, 1_000_000))) {
      SpooledLog log = spool.log("job", "pod", kubelet.startedAt());
      ScriptedLogSource source =
          new ScriptedLogSource(kubelet, random, breaks, BEGIN.plusMillis(20));
      source.slowPins(SLOWNESS.get((int) (seed % SLOWNESS.size())));
      PodLog podLog =
          new PodLog(
              source, log, ScriptedJob.CONTAINER, source, ScriptedJob.SIZES, Optional.empty());
      Instant endKnown = kubelet.end().plusMillis(random.nextInt(3000));
      source.onTime(() -> {
        if (!source.now().isBefore(endKnown)) {
          podLog.containerEnded(Optional.of(kubelet.end()));
        }
      });
      podLog.run();
      LogVerdict verdict = LogVerdict.of(log, kubelet);
      spool.remove("job");
      return new Played(verdict, kubelet.rotations(), kubelet.dividedLines());
    }
  }

  private static int part(double ofHistories) {
    return (int) (HISTORIES * ofHistories);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void isReadWholeOrSaidNotToBe(boolean breaks) throws IOException {
    // when
    Map<LogVerdict, Integer> counts = new EnumMap<>(LogVerdict.class);
    int rotated = 0;
    int divided = 0;
    for (long seed = 0; seed < HISTORIES; seed++) {
      Played played = play(seed, breaks);
      if (played.verdict() == LogVerdict.NOT_WHOLE_BUT_SAID_SO) {
        LOG.error("seed={} breaks={}", seed, breaks);
      }
      counts.merge(played.verdict(), 1, Integer::sum);
      rotated += played.rotations() > 0 ? 1 : 0;
      divided += played.dividedLines() > 0 ? 1 : 0;
    }
    LOG.info("breaks={} {} rotated={} divided={}", breaks, counts, rotated, divided);

    // then
    assertThat(counts).doesNotContainKey(LogVerdict.NOT_WHOLE_BUT_SAID_SO);
    assertThat(counts).containsKeys(LogVerdict.WHOLE_AND_SAID_SO);
    // Where nothing is rotated, or nothing is said to be whole, little is shown.
    assertThat(rotated).isGreaterThan(part(ROTATED));
    assertThat(divided).isGreaterThan(part(DIVIDED));
    assertThat(counts.get(LogVerdict.WHOLE_AND_SAID_SO))
        .isGreaterThan(part(breaks ? WHOLE_THOUGH_IT_BREAKS : WHOLE));
  }
}
