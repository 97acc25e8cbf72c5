package mstc.cloud.worker.adapters.k8s.log;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import mstc.cloud.worker.domain.view.LogReader.Piece;
import org.jspecify.annotations.Nullable;

/**
 * What a viewer is given of a container's log: each byte once, whichever stream brings it. It holds
 * no more than a piece, does not block and is used by one thread.
 */
public final class ViewedLog {
  /** What may be missing between two streams. */
  static final String ROTATED =
      "the log was rotated meanwhile, and lines before this may be missing";

  /**
   * A first line that comes sooner after the container's start is taken for the log's first.
   * Kubelets check sizes every ten seconds, so only a job that writes 10 MiB faster could have lost
   * what was before it.
   */
  private static final Duration BEGINS_LATE = Duration.ofSeconds(10);

  /**
   * A part of the log.
   *
   * @param position up to where it was given; empty if no line has begun
   * @param notice what may be missing before it
   */
  // Parts are not compared, and a copy of the bytes would cost as much as reading them.
  @SuppressWarnings("ArrayRecordComponent")
  public record Given(byte[] text, Optional<ViewedPosition> position, Optional<String> notice) {}

  private final Instant startedAt;
  private final Lines lines = new Lines();

  private final ByteArrayOutputStream pending = new ByteArrayOutputStream();
  private int wholeLines;
  private @Nullable ViewedPosition atLineEnd;
  private @Nullable ViewedPosition current;
  private @Nullable String notice;
  private @Nullable Instant nextFileBegins;
  private TimedLines stream = new TimedLines(lines);
  private long newBytes;

  /**
   * @param after up to where it was given before
   * @param startedAt when the container started
   */
  public ViewedLog(Optional<ViewedPosition> after, Instant startedAt) {
    this.startedAt = startedAt;
    current = after.orElse(null);
    atLineEnd = current;
  }

  /** The second from which the next stream is to be requested; empty for the whole file. */
  public Optional<Instant> resumeFrom() {
    return Optional.ofNullable(current).map(ViewedPosition::second);
  }

  /** What is added from now on is of another stream. */
  public void beginStream() {
    stream = new TimedLines(lines);
    lines.resume();
    newBytes = 0;
  }

  /** How many bytes may be added before some are taken. */
  public int room() {
    return Piece.MAX_BYTES - pending.size();
  }

  /** Takes what a stream brought. */
  public void add(byte[] bytes, int length) {
    try {
      stream.add(bytes, length);
    } catch (IOException e) {
      throw new IllegalStateException("nothing is written here", e);
    }
  }

  /** How many bytes the stream has brought that were not known. */
  public long newBytes() {
    return newBytes;
  }

  /** What the kubelet said instead of a log; empty if it said nothing. */
  public Optional<String> foreignWords() {
    return stream.foreignWords();
  }

  /** The newest time of a line; empty if there was none. */
  public Optional<Instant> newest() {
    return Optional.ofNullable(current).map(ViewedPosition::newest);
  }

  /** The next file begins at that time, and what was written just before it may be missing. */
  public void noteRotation(Instant begins) {
    nextFileBegins = begins;
  }

  /** Whether there is a part of a line that was not taken. */
  public boolean hasUnfinishedLine() {
    return pending.size() > wholeLines;
  }

  /** Takes all whole lines; empty if there are none, and nothing to tell. */
  public Optional<Given> take() {
    return wholeLines == 0 ? Optional.empty() : Optional.of(take(wholeLines, atLineEnd));
  }

  /** Takes everything; empty if there is nothing. */
  public Optional<Given> takeAll() {
    return pending.size() == 0 && notice == null
        ? Optional.empty()
        : Optional.of(take(pending.size(), current));
  }

  private Given take(int length, @Nullable ViewedPosition position) {
    byte[] all = pending.toByteArray();
    pending.reset();
    pending.write(all, length, all.length - length);
    wholeLines = 0;
    Given given =
        new Given(
            length == all.length ? all : Arrays.copyOf(all, length),
            Optional.ofNullable(position),
            Optional.ofNullable(notice));
    notice = null;
    return given;
  }

  /** Adds what is new to what is pending. */
  private final class Lines implements TimedLines.Taker {
    /** Whether this is the first line of a stream. */
    private boolean first = true;

    /** How many lines are repeated. */
    private long repeated;

    /** How much of the current line is repeated. */
    private long repeatedBytes;

    /** Up to where lines are known, where they cannot be counted. */
    private @Nullable Instant knownUntil;

    private boolean isNew;

    void resume() {
      first = true;
      repeated = 0;
      repeatedBytes = 0;
      knownUntil = null;
    }

    @Override
    public void begin(Instant time) {
      if (first) {
        beginStream(time);
        first = false;
      }
      if (nextFileBegins != null && !time.isBefore(nextFileBegins)) {
        notice = ROTATED;
        nextFileBegins = null;
      }
      repeatedBytes = 0;
      isNew = false;
      if (repeated > 0) {
        repeated--;
        if (repeated == 0 && current != null && current.unfinished().isPresent()) {
          repeatedBytes = current.unfinished().getAsLong();
          isNew = true;
        }
        return;
      }
      if (knownUntil != null && !time.isAfter(knownUntil)) {
        return;
      }
      isNew = true;
      current = begun(current, time);
    }

    private void beginStream(Instant time) {
      if (current == null) {
        if (time.isAfter(startedAt.plus(BEGINS_LATE))) {
          notice =
              "what was written before %s, if anything, is no longer there"
                  .formatted(time.truncatedTo(ChronoUnit.SECONDS));
        }
      } else if (time.equals(current.first())) {
        repeated = current.lines();
      } else {
        notice = ROTATED;
        knownUntil = current.newest();
      }
    }

    private static ViewedPosition begun(@Nullable ViewedPosition before, Instant time) {
      Instant second = time.truncatedTo(ChronoUnit.SECONDS);
      OptionalLong nothing = OptionalLong.of(0);
      if (before == null || second.isAfter(before.second())) {
        return new ViewedPosition(second, time, time, 1, nothing);
      }
      // Two pipes feed one log, so a line may be a little older than the one before.
      return new ViewedPosition(
          before.second(),
          before.first(),
          time.isAfter(before.newest()) ? time : before.newest(),
          before.lines() + (time.isBefore(before.second()) ? 0 : 1),
          nothing);
    }

    @Override
    public void add(byte[] text, int offset, int length) {
      if (!isNew || current == null) {
        return;
      }
      int skipped = (int) Math.min(repeatedBytes, length);
      repeatedBytes -= skipped;
      int added = length - skipped;
      pending.write(text, offset + skipped, added);
      newBytes += added;
      current = with(current, OptionalLong.of(current.unfinished().orElse(0) + added));
    }

    @Override
    public void end() {
      if (!isNew || current == null) {
        return;
      }
      current = with(current, OptionalLong.empty());
      atLineEnd = current;
      wholeLines = pending.size();
    }

    private static ViewedPosition with(ViewedPosition position, OptionalLong unfinished) {
      return new ViewedPosition(
          position.second(), position.first(), position.newest(), position.lines(), unfinished);
    }
  }
}
