package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import mstc.cloud.worker.adapters.k8s.log.ScriptedKubelet.Pipe;

/** A job that writes lines of all lengths, at random. */
final class ScriptedJob {
  static final LogSource.Container CONTAINER = new LogSource.Container("pod", "container");

  /** A kubelet's, but for sizes. */
  static final ScriptedKubelet.Rules RULES =
      new ScriptedKubelet.Rules(4000, 200, Duration.ofSeconds(10), 1500);

  /** The same from outside. */
  static final Rotation.Sizes SIZES = new Rotation.Sizes(2400, 2000);

  private ScriptedJob() {}

  /** Writes lines with pauses of all lengths, anywhere in them. */
  static ScriptedKubelet written(
      ScriptedKubelet.Rules rules, Instant begin, Instant firstLook, Random random) {
    ScriptedKubelet kubelet = new ScriptedKubelet(rules, begin, firstLook, random);
    boolean twoPipes = random.nextInt(3) == 0;
    int pauses = 1 + random.nextInt(12);
    // Now and then it is silent at first.
    Instant now = begin.plusMillis(random.nextInt(4) == 0 ? random.nextInt(30_000) : 0);
    int lines = 40 + random.nextInt(320);
    for (int number = 0; number < lines; number++) {
      int length = random.nextInt(12) == 0 ? random.nextInt(300) : random.nextInt(40);
      String line = number + " " + text(random, length) + (random.nextInt(9) == 0 ? "" : "\n");
      Pipe pipe = twoPipes && random.nextBoolean() ? Pipe.STDERR : Pipe.STDOUT;
      byte[] bytes = line.getBytes(UTF_8);
      int at = 0;
      while (at < bytes.length) {
        int until = at + 1 + random.nextInt(random.nextInt(3) == 0 ? 20 : 400);
        until = Math.min(bytes.length, until);
        kubelet.write(now, pipe, Arrays.copyOfRange(bytes, at, until));
        at = until;
        now = now.plusNanos(1 + random.nextInt(20_000));
        if (random.nextInt(pauses) == 0) {
          now = now.plusMillis(random.nextInt(random.nextInt(4) == 0 ? 12_000 : 300));
        }
      }
    }
    kubelet.end(now.plusMillis(random.nextInt(15_000)));
    return kubelet;
  }

  /** Now and then the same again, as lines are that tell of progress. */
  private static String text(Random random, int length) {
    if (random.nextInt(3) == 0) {
      return "x".repeat(length);
    }
    StringBuilder text = new StringBuilder();
    random.ints(length, 'a', 'z').forEach(letter -> text.append((char) letter));
    return text.toString();
  }
}
