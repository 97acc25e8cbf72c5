package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import mstc.cloud.worker.adapters.k8s.log.ScriptedKubelet.Pipe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A container's log as it is followed, against a scripted kubelet with sizes as they are. */
@Execution(ExecutionMode.CONCURRENT)
class PodLogTest {
  private static final ScriptedKubelet.Rules RULES =
      new ScriptedKubelet.Rules(10 << 20, 16 << 10, Duration.ofSeconds(10), 5_000_000);

  private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");

  private static final byte[] LINE = ("x".repeat(8000) + "\n").getBytes(UTF_8);

  @TempDir Path folder;

  /** Counts what a log costs. */
  private static final class Counted implements LogSource {
    private final ScriptedLogSource source;
    private final List<String> calls = new ArrayList<>();

    Counted(ScriptedLogSource source) {
      this.source = source;
    }

    @Override
    public LogStream follow(Container container, Optional<Instant> since) throws IOException {
      calls.add("follow");
      return source.follow(container, since);
    }

    @Override
    public LogStream read(Container container, Optional<Instant> since) throws IOException {
      calls.add("read");
      return source.read(container, since);
    }

    @Override
    public LogStream pin(Container container) throws IOException {
      calls.add("pin");
      return source.pin(container);
    }

    @Override
    public Optional<Instant> newestFileBegins(Container container) throws IOException {
      calls.add("ask");
      return source.newestFileBegins(container);
    }
  }

  private List<String> followedWhole(ScriptedKubelet kubelet, Random random) throws IOException {
    try (Spool spool = Spool.open(folder, new Spool.Limits(1L << 30, 1L << 30))) {
      SpooledLog log = spool.log("job", "pod", START);
      List<String> calls = follow(kubelet, random, log, Rotation.Sizes.OF_KUBELETS);

      assertThat(log.gaps()).isEmpty();
      assertThat(Files.readAllBytes(log.file())).isEqualTo(kubelet.written());
      spool.remove("job");
      return calls;
    }
  }

  private static List<String> follow(
      ScriptedKubelet kubelet, Random random, SpooledLog log, Rotation.Sizes sizes) {
    ScriptedLogSource source = new ScriptedLogSource(kubelet, random, false, START.plusMillis(900));
    return follow(kubelet, log, sizes, source);
  }

  private static List<String> follow(
      ScriptedKubelet kubelet, SpooledLog log, Rotation.Sizes sizes, ScriptedLogSource source) {
    Counted counted = new Counted(source);
    PodLog podLog =
        new PodLog(counted, log, ScriptedJob.CONTAINER, source, sizes, Optional.empty());
    source.onTime(() -> {
      if (!source.now().isBefore(kubelet.end())) {
        podLog.containerEnded(Optional.of(kubelet.end()));
      }
    });
    podLog.run();
    return counted.calls;
  }

  private static ScriptedKubelet elevenMegabytesAtOnce(Random random) {
    ScriptedKubelet kubelet = new ScriptedKubelet(RULES, START, START.plusMillis(6500), random);
    for (int number = 0; number < 1400; number++) {
      kubelet.write(START.plusNanos(1000L * number), Pipe.STDOUT, LINE);
    }
    return kubelet;
  }

  /** Eleven megabytes at once, and a beginning of a line whose end comes after the rotation. */
  private static ScriptedKubelet dividedInALine(int bytes, Duration end, Random random) {
    ScriptedKubelet kubelet = elevenMegabytesAtOnce(random);
    kubelet.write(START.plusMillis(3500), Pipe.STDOUT, "b".repeat(bytes).getBytes(UTF_8));
    kubelet.write(START.plus(end), Pipe.STDOUT, "rest\n".getBytes(UTF_8));
    kubelet.end(START.plus(end).plusMillis(10));
    return kubelet;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 11_000, 16 << 10, 20_000})
  void aLineThatARotationDividesIsWhole(int bytes) throws IOException {
    // given
    Random random = new Random(bytes);
    ScriptedKubelet kubelet = dividedInALine(bytes, Duration.ofSeconds(12), random);

    // when
    List<String> calls = followedWhole(kubelet, random);

    // then
    assertThat(kubelet.rotations()).isEqualTo(1);
    assertThat(kubelet.dividedLines()).isEqualTo(1);
    assertThat(calls).contains("ask");
  }

  @Test
  void aLineThatIsDividedAtTheLastMomentIsWholeToo() throws IOException {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      ScriptedKubelet kubelet = dividedInALine(5000, Duration.ofMillis(6520), random);

      followedWhole(kubelet, random);

      assertThat(kubelet.dividedLines()).isEqualTo(1);
    }
  }

  @Test
  void aFileThatMayHaveBeenOnItsWayAsAWholeIsNotSureToBe() throws IOException {
    // given
    Random random = new Random(1);
    ScriptedKubelet kubelet = dividedInALine(5000, Duration.ofSeconds(12), random);

    // when
    try (Spool spool = Spool.open(folder, new Spool.Limits(1L << 30, 1L << 30))) {
      SpooledLog log = spool.log("job", "pod", START);
      follow(kubelet, random, log, new Rotation.Sizes(6 << 20, 20_000_000));

      // then
      assertThat(log.gaps()).contains(Rotation.NOT_PINNED);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10, 21, 24, 32, 60})
  void aFileThatIsReadSlowlyOnceItIsRotatedHidesNothingOfTheNext(int nextLineAfterSeconds)
      throws IOException {
    // given
    Random random = new Random(nextLineAfterSeconds);
    ScriptedKubelet kubelet = elevenMegabytesAtOnce(random);
    if (nextLineAfterSeconds > 0) {
      kubelet.write(START.plusSeconds(nextLineAfterSeconds), Pipe.STDOUT, LINE);
    }
    kubelet.end(START.plusSeconds(60));
    ScriptedLogSource source = new ScriptedLogSource(kubelet, random, false, START.plusMillis(900));
    source.slowPins(Duration.ofMillis(1));

    try (Spool spool = Spool.open(folder, new Spool.Limits(1L << 30, 1L << 30))) {
      // when
      SpooledLog log = spool.log("job", "pod", START);
      follow(kubelet, log, Rotation.Sizes.OF_KUBELETS, source);

      // then
      assertThat(kubelet.rotations()).isEqualTo(1);
      assertThat(log.gaps()).isEmpty();
      assertThat(Files.readAllBytes(log.file())).isEqualTo(kubelet.written());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 100, 200, 300})
  void aFileThatIsReadUntilTheNextOneIsRotatedHidesNothingOfThat(int millisecondsPerPiece)
      throws IOException {
    for (int seed = 0; seed < 20; seed++) {
      // given
      Random random = new Random(seed);
      ScriptedKubelet kubelet = fillingOneFileAfterTheOther(random);
      ScriptedLogSource source =
          new ScriptedLogSource(kubelet, random, false, START.plusMillis(900));
      source.slowPins(Duration.ofMillis(millisecondsPerPiece));

      try (Spool spool = Spool.open(folder, new Spool.Limits(1L << 30, 1L << 30))) {
        // when
        SpooledLog log = spool.log("job", "pod", START);
        follow(kubelet, log, ScriptedJob.SIZES, source);

        // then
        assertThat(kubelet.rotations()).isGreaterThan(8);
        assertThat(log.gaps()).isEmpty();
        assertThat(Files.readAllBytes(log.file())).isEqualTo(kubelet.written());
        spool.remove("job");
      }
    }
  }

  /** Writes just enough for each look of the kubelet's to find a file that is to be rotated. */
  private static ScriptedKubelet fillingOneFileAfterTheOther(Random random) {
    Instant firstLook = START.plusMillis(3500 + random.nextInt(10_000));
    ScriptedKubelet kubelet = new ScriptedKubelet(ScriptedJob.RULES, START, firstLook, random);
    for (int line = 0; line < 600; line++) {
      byte[] bytes = "%039d\n".formatted(line).getBytes(UTF_8);
      kubelet.write(START.plusMillis(line * 200L), Pipe.STDOUT, bytes);
    }
    kubelet.end(START.plusSeconds(120));
    return kubelet;
  }

  @Test
  void aShortLogIsFollowedAndReadOnceMore() throws IOException {
    // given
    Random random = new Random(1);
    ScriptedKubelet kubelet = new ScriptedKubelet(RULES, START, START.plusSeconds(1), random);
    kubelet.write(START.plusSeconds(1), Pipe.STDOUT, "one\ntwo\n".getBytes(UTF_8));
    kubelet.end(START.plusSeconds(60));

    // when
    List<String> calls = followedWhole(kubelet, random);

    // then
    assertThat(calls).containsExactly("follow", "read");
  }

  @Test
  void aDiskWithoutRoomIsTriedAtGrowingIntervalsWhateverComes() throws IOException {
    // given
    Random random = new Random(1);
    ScriptedKubelet kubelet = new ScriptedKubelet(RULES, START, START.plusSeconds(1), random);
    for (int second = 1; second < 120; second++) {
      kubelet.write(START.plusSeconds(second), Pipe.STDOUT, "line\n".getBytes(UTF_8));
    }
    kubelet.end(START.plusSeconds(120));
    FullDisk disk = new FullDisk();
    disk.setRoom(0);
    Instant roomAgain = START.plusSeconds(60);

    try (Spool spool = Spool.open(folder, new Spool.Limits(1L << 30, 1L << 30), disk)) {
      // when
      SpooledLog log = spool.log("job", "pod", START);
      ScriptedLogSource source =
          new ScriptedLogSource(kubelet, random, false, START.plusMillis(900));
      Counted counted = new Counted(source);
      PodLog podLog =
          new PodLog(
              counted,
              log,
              ScriptedJob.CONTAINER,
              source,
              Rotation.Sizes.OF_KUBELETS,
              Optional.empty());
      source.onTime(() -> {
        if (!source.now().isBefore(roomAgain)) {
          disk.setRoom(Long.MAX_VALUE);
        }
        if (!source.now().isBefore(kubelet.end())) {
          podLog.containerEnded(Optional.of(kubelet.end()));
        }
      });
      podLog.run();

      // then
      assertThat(Files.readAllBytes(log.file())).isEqualTo(kubelet.written());
      assertThat(log.gaps()).isEmpty();
      assertThat(counted.calls).filteredOn("follow"::equals).hasSizeBetween(10, 20);
    }
  }

  @Test
  void aJobThatSaysNothingForLongCostsOneQuestionPerStream() throws IOException {
    // given
    Random random = new Random(1);
    ScriptedKubelet kubelet = new ScriptedKubelet(RULES, START, START.plusSeconds(1), random);
    kubelet.end(START.plus(Duration.ofMinutes(40)));

    // when
    List<String> calls = followedWhole(kubelet, random);

    // then
    assertThat(calls).containsExactly("follow", "ask", "follow", "ask", "follow", "read");
  }
}
