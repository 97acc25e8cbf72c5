package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.adapters.k8s.ScriptedKubelet.Pipe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A container's log as it is followed, against a scripted kubelet in real time. */
class PodLogTest {
  private static final ScriptedKubelet.Rules RULES =
      new ScriptedKubelet.Rules(10 << 20, 16 << 10, Duration.ofSeconds(10), 5_000_000);

  @TempDir Path folder;

  /** Eleven megabytes at once, and the beginning of a line whose end comes after the rotation. */
  private static ScriptedKubelet pausingInALine(Instant start, Random random) {
    ScriptedKubelet kubelet = new ScriptedKubelet(RULES, start, start.plusMillis(6500), random);
    byte[] line = ("x".repeat(8000) + "\n").getBytes(UTF_8);
    for (int number = 0; number < 1400; number++) {
      kubelet.write(start.plusNanos(1000L * number), Pipe.STDOUT, line);
    }
    kubelet.write(start.plusMillis(500), Pipe.STDOUT, "b".repeat(11_000).getBytes(UTF_8));
    kubelet.write(start.plusSeconds(12), Pipe.STDOUT, "rest\n".getBytes(UTF_8));
    kubelet.write(start.plusMillis(12_500), Pipe.STDOUT, "end\n".getBytes(UTF_8));
    kubelet.end(start.plusSeconds(13));
    return kubelet;
  }

  @Test
  @Timeout(90)
  void aLineThatARotationDividesInAPauseIsWhole() throws Exception {
    // given
    Instant start = Instant.now();
    ScriptedKubelet kubelet = pausingInALine(start, new Random(1));
    try (Spool spool = Spool.open(folder, 1L << 30);
        ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor()) {
      SpooledLog log = spool.log("job", "pod");
      PodLog podLog =
          new PodLog(
              new ScriptedLogSource(kubelet),
              log,
              "pod",
              "container",
              start,
              Optional.empty(),
              false);
      var _ =
          clock.schedule(
              () -> podLog.containerEnded(Optional.empty()),
              Duration.between(Instant.now(), kubelet.end()).toMillis(),
              TimeUnit.MILLISECONDS);

      // when
      Thread.ofVirtual().start(podLog);
      podLog.awaitDone();

      // then
      assertThat(kubelet.rotations()).isEqualTo(1);
      assertThat(kubelet.dividedLines()).isEqualTo(1);
      assertThat(Files.readAllBytes(log.file())).isEqualTo(kubelet.written());
      assertThat(podLog.warnings()).isEmpty();
    }
  }
}
