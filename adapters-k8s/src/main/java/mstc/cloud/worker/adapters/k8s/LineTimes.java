package mstc.cloud.worker.adapters.k8s;

import java.time.Instant;
import java.util.Arrays;
import java.util.TreeMap;

/**
 * The times of a log's newest lines: as many as are needed to look back for some seconds, in
 * bounded memory.
 */
final class LineTimes {
  private static final int MAX_LINES = 1 << 20;
  private static final int KEPT_SECONDS = 60;

  private static final class Nanos {
    private int[] values = new int[8];
    private int count;

    void add(int nano) {
      if (count == values.length) {
        values = Arrays.copyOf(values, 2 * count);
      }
      values[count++] = nano;
    }

    boolean has(int nano) {
      return Arrays.stream(values, 0, count).anyMatch(value -> value == nano);
    }
  }

  private final TreeMap<Long, Nanos> seconds = new TreeMap<>();
  private long forgottenUntil = Long.MIN_VALUE;
  private int lines;

  void add(Instant time) {
    long second = time.getEpochSecond();
    if (second <= forgottenUntil) {
      return;
    }
    seconds.computeIfAbsent(second, begun -> new Nanos()).add(time.getNano());
    lines++;
    while (lines > MAX_LINES || seconds.firstKey() < seconds.lastKey() - KEPT_SECONDS) {
      var oldest = seconds.pollFirstEntry();
      lines -= oldest.getValue().count;
      forgottenUntil = oldest.getKey();
    }
  }

  /** Whether a line has that time, or may have had it so long ago that it is forgotten. */
  boolean mayHave(Instant time) {
    long second = time.getEpochSecond();
    Nanos nanos = seconds.get(second);
    return second <= forgottenUntil || (nanos != null && nanos.has(time.getNano()));
  }
}
