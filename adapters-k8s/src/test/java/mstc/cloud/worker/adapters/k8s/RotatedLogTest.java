package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs as a container runtime rotates them, read as a kubelet gives them, at random. */
class RotatedLogTest {
  private static final Logger LOG = LoggerFactory.getLogger(RotatedLogTest.class);

  private static final Instant BEGIN = Instant.parse("2026-11-23T10:00:00.999990Z");

  private static final int HISTORIES = Integer.getInteger("mstc.histories", 250);

  @TempDir Path folder;

  private LogVerdict play(long seed, boolean breaks) throws IOException {
    Random random = new Random(seed);
    Instant firstLook = BEGIN.plusSeconds(2).plusNanos(random.nextLong(10_000_000_000L));
    ScriptedKubelet kubelet = ScriptedJob.written(ScriptedJob.RULES, BEGIN, firstLook, random);
    try (Spool spool = Spool.open(folder, new Spool.Limits(1_000_000, 1_000_000))) {
      SpooledLog log = spool.log("job", "pod", kubelet.startedAt());
      ScriptedLogSource source =
          new ScriptedLogSource(kubelet, random, breaks, BEGIN.plusMillis(20));
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
      return verdict;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void isReadWholeOrSaidNotToBe(boolean breaks) throws IOException {
    // when
    Map<LogVerdict, Integer> counts = new EnumMap<>(LogVerdict.class);
    for (long seed = 0; seed < HISTORIES; seed++) {
      LogVerdict verdict = play(seed, breaks);
      if (verdict == LogVerdict.NOT_WHOLE_BUT_SAID_SO) {
        LOG.error("seed={} breaks={}", seed, breaks);
      }
      counts.merge(verdict, 1, Integer::sum);
    }
    LOG.info("breaks={} {}", breaks, counts);

    // then
    assertThat(counts).doesNotContainKey(LogVerdict.NOT_WHOLE_BUT_SAID_SO);
    assertThat(counts).containsKeys(LogVerdict.WHOLE_AND_SAID_SO);
  }
}
