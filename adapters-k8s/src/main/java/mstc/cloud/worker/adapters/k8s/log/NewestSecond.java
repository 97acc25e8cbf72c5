package mstc.cloud.worker.adapters.k8s.log;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * The newest whole second in which lines of a log's file began: a stream that is resumed can only
 * be requested from a whole second on, and repeats that second's lines.
 */
final class NewestSecond {
  private final Instant start;

  /** How many bytes are before its first line. */
  private final long offset;

  /** Whether only the first line's time is known, as an earlier worker read them. */
  private boolean inherited;

  /** Whether its lines are read again: until the first one is, what is known of them counts. */
  private boolean anew;

  private int[] nanos = new int[8];
  private int lines;
  private Instant newest = Instant.MIN;

  private NewestSecond(Instant start, long offset, boolean inherited) {
    this.start = start;
    this.offset = offset;
    this.inherited = inherited;
  }

  static NewestSecond beginning(Instant start, long offset) {
    return new NewestSecond(start, offset, false);
  }

  /** Parses {@link #toText()}. */
  static NewestSecond parse(List<String> words) {
    NewestSecond second =
        new NewestSecond(Instant.parse(words.get(1)), Long.parseLong(words.getFirst()), true);
    second.add(Instant.parse(words.get(2)));
    second.newest = Instant.parse(words.get(3));
    return second;
  }

  String toText() {
    return "%d %s %s %s".formatted(offset, start, first(), newest);
  }

  /** The same second, whose lines are about to be read again. */
  NewestSecond readAnew() {
    NewestSecond second = new NewestSecond(start, offset, true);
    second.add(first());
    second.newest = newest;
    second.anew = true;
    return second;
  }

  /** A line with that time began; lines may come out of order, as two pipes feed one log. */
  void add(Instant time) {
    if (anew) {
      anew = false;
      inherited = false;
      lines = 0;
      newest = Instant.MIN;
    }
    if (lines == nanos.length) {
      nanos = Arrays.copyOf(nanos, 2 * lines);
    }
    nanos[lines++] = sinceStart(time);
    newest = time.isAfter(newest) ? time : newest;
  }

  private int sinceStart(Instant time) {
    return Math.toIntExact(Duration.between(start, time).toNanos());
  }

  Instant start() {
    return start;
  }

  Instant first() {
    return start.plusNanos(nanos[0]);
  }

  Instant newest() {
    return newest;
  }

  long offset() {
    return offset;
  }

  boolean isInherited() {
    return inherited;
  }

  int lines() {
    return lines;
  }

  /** The index of the line with that time, in that range; negative if there is none. */
  int indexOf(Instant time, int from, int until) {
    if (time.isBefore(start)) {
      return -1;
    }
    int sought = sinceStart(time);
    for (int index = from; index < until; index++) {
      if (nanos[index] == sought) {
        return index;
      }
    }
    return -1;
  }
}
