package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.cluster.Timestamps;

/**
 * Divides a stream, given in pieces of any size, into lines with times. What a kubelet sends
 * without a time is not part of the log: it is a message of the kubelet.
 */
final class TimedLines {
  /** The longest time, such as {@code 2026-11-23T17:00:00.123456789+01:00}. */
  private static final int MAX_TIME_LENGTH = 35;

  private static final int MAX_FOREIGN_LENGTH = 400;

  /** Receives the lines. */
  interface Taker {
    void begin(Instant time) throws IOException;

    /** A part of the line that began last, with its line end if it has one. */
    void add(byte[] text, int offset, int length) throws IOException;

    void end();
  }

  private final Taker taker;
  private final StringBuilder time = new StringBuilder(MAX_TIME_LENGTH);
  private final StringBuilder foreign = new StringBuilder();
  private boolean inLine;
  private boolean inForeignLine;
  private boolean timeSeen;

  TimedLines(Taker taker) {
    this.taker = taker;
  }

  /**
   * Takes what was read.
   *
   * @throws IOException from the one that takes the lines
   */
  void add(byte[] bytes, int length) throws IOException {
    int index = 0;
    while (index < length) {
      index = inLine ? readLine(bytes, index, length) : readTime(bytes, index, length);
    }
  }

  private int readTime(byte[] bytes, int from, int length) throws IOException {
    int index = from;
    while (index < length) {
      byte next = bytes[index++];
      if (next == ' ' || next == '\n' || time.length() == MAX_TIME_LENGTH) {
        beginLine(next);
        return index;
      }
      time.append((char) (next & 0xff));
    }
    return index;
  }

  private void beginLine(byte next) throws IOException {
    Optional<Instant> parsed = next == ' ' ? Timestamps.parse(time.toString()) : Optional.empty();
    if (parsed.isPresent()) {
      if (!timeSeen) {
        // What came before it, in a stream from some second on, is the end of a line that began
        // earlier.
        foreign.setLength(0);
        timeSeen = true;
      }
      taker.begin(parsed.get());
    } else {
      remember(time.toString().getBytes(US_ASCII), 0, time.length());
      remember(new byte[] {next}, 0, 1);
    }
    time.setLength(0);
    inLine = next != '\n';
    inForeignLine = inLine && parsed.isEmpty();
  }

  private int readLine(byte[] bytes, int from, int length) throws IOException {
    int end = from;
    while (end < length && bytes[end] != '\n') {
      end++;
    }
    boolean whole = end < length;
    int until = whole ? end + 1 : end;
    if (inForeignLine) {
      remember(bytes, from, until - from);
    } else {
      taker.add(bytes, from, until - from);
      if (whole) {
        taker.end();
      }
    }
    inLine = !whole;
    return until;
  }

  private void remember(byte[] bytes, int offset, int length) {
    int room = Math.min(length, MAX_FOREIGN_LENGTH - foreign.length());
    if (room > 0) {
      foreign.append(new String(bytes, offset, room, UTF_8));
    }
  }

  /** What the kubelet said instead of a log, or after it; empty if it said nothing. */
  Optional<String> foreignWords() {
    String rest = inLine ? "" : time.toString();
    String words = (foreign + rest).strip();
    return words.isEmpty() ? Optional.empty() : Optional.of(words);
  }
}
