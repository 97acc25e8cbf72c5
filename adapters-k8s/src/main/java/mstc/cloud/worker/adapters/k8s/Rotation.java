package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.LogSource.Container;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that nothing is missed where the kubelet rotates a log that is followed.
 *
 * <p>A kubelet that waits at a file's end goes on to the next file as soon as that is there, but
 * only after that does the container's runtime write what it has of an unfinished line to the file
 * before. One that is in the middle of a file, as nobody reads its stream, reads it to its end. So
 * a file that may soon be rotated is <em>held</em>: opened once more, and left unread. From time to
 * time it is asked whether it still is the newest one. Once it is not, what is held is read to its
 * end and takes the place of what was followed, and the next file is read from its beginning. A log
 * that is shorter costs nothing.
 *
 * <p>Only the thread that reads the log uses it.
 */
final class Rotation implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Rotation.class);

  /** What may be missing where a file was rotated that was not held. */
  static final String NOT_HELD =
      "its file was rotated, and what was written just before may be missing";

  private static final String NOT_ASKED =
      "its newest file could not be asked for, and its end may be missing";

  private static final int BUFFER_BYTES = 64 * 1024;

  /** The kubelet looks at sizes every ten seconds, so there is more between two rotations. */
  private static final Duration ONE_ROTATION = Duration.ofSeconds(8);

  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(3);

  /** A log that has been silent for longer should have been rotated for what it wrote before. */
  private static final Duration SILENCE = Duration.ofSeconds(30);

  private static final Duration LONGEST_INTERVAL = Duration.ofSeconds(60);

  /** Connections on which nothing goes on are cut by what is between, as a rule not sooner. */
  private static final Duration HELD_ANEW = Duration.ofMinutes(4);

  /** For what the runtime writes last to a file that was rotated. */
  private static final Duration LAST_WRITES = Duration.ofSeconds(1);

  /** A stream that nothing comes of for that long has broken off unnoticed. */
  private static final Duration STALLED = Duration.ofSeconds(30);

  private static final int LAST_QUESTIONS = 4;

  /**
   * What is large.
   *
   * @param near from which size on a file may soon be rotated, in bytes
   * @param onItsWay no more than this of a stream that is held is on its way, in bytes: where more
   *     comes, the kubelet was still in the middle of the file
   */
  record Sizes(long near, long onItsWay) {
    /** Kubelets rotate at 10 MiB, unless they are told to do so later. */
    static final Sizes OF_KUBELETS = new Sizes(8 << 20, 5_000_000);
  }

  private final LogSource source;
  private final SpooledLog log;
  private final Container container;
  private final Timer timer;
  private final Sizes sizes;

  private Optional<LogStream> held;
  private long heldNanos;
  private Instant heldAt;
  private long lookedNanos;
  private long grownNanos;
  private long sizeAtLook = -1;
  private Instant lastSameAt = Instant.MIN;
  private boolean settled;

  /**
   * @param held the newest file, opened while another worker still read the log
   */
  Rotation(
      LogSource source,
      SpooledLog log,
      Container container,
      Timer timer,
      Sizes sizes,
      Optional<LogStream> held) {
    this.source = source;
    this.log = log;
    this.container = container;
    this.timer = timer;
    this.sizes = sizes;
    this.held = held;
    heldNanos = timer.nanos();
    heldAt = Instant.MIN;
    grownNanos = heldNanos;
    lookedNanos = heldNanos - LONGEST_INTERVAL.toNanos();
  }

  /** Whether the file that is read may soon be rotated, or already was. */
  boolean isNear() {
    return log.fileBytes() >= sizes.near();
  }

  boolean isToBeLookedFor() {
    return isNear() && !untilNextLook().isPositive();
  }

  /** For how long there is nothing to look for. */
  Duration untilNextLook() {
    if (!isNear()) {
      return LONGEST_INTERVAL;
    }
    return interval().minusNanos(timer.nanos() - lookedNanos);
  }

  private Duration interval() {
    boolean silent = log.size() == sizeAtLook && timer.nanos() - grownNanos > SILENCE.toNanos();
    return silent ? LONGEST_INTERVAL : LOOK_INTERVAL;
  }

  /**
   * Looks whether the file that is read is still the newest one. Where it is not, the rest of it is
   * read, and the log goes on with the next one.
   *
   * @return whether it goes on so: the stream that is read may be of either file
   * @throws IOException when the spool cannot be written
   */
  boolean look() throws IOException, InterruptedException {
    if (!isNear() && held.isEmpty()) {
      return false;
    }
    try {
      return askAndGoOn();
    } catch (NotAskedException e) {
      LOG.debug("pod={} its newest file is not known: {}", container.pod(), e.toString());
      return false;
    }
  }

  /** The same once the container has ended: from then on it is not rotated. */
  void lookAtTheEnd() throws IOException, InterruptedException {
    for (int question = 1; !settled && (isNear() || held.isPresent()); question++) {
      try {
        settled = !askAndGoOn();
        return;
      } catch (NotAskedException e) {
        LOG.debug("pod={} its newest file is not known: {}", container.pod(), e.toString());
        if (question == LAST_QUESTIONS) {
          log.noteGap(NOT_ASKED);
          return;
        }
        rest(LAST_WRITES);
      }
    }
  }

  /** The same before another worker goes on from here. */
  void lookBeforeLeaving() throws IOException, InterruptedException {
    if (log.isAtFileStart()) {
      noteSilence();
    } else {
      var _ = look();
    }
  }

  /** Nothing has come for long: where that is so as nothing was written, that is known now. */
  void noteSilence() {
    if (!log.isAtFileStart()) {
      return;
    }
    Instant askedAt = timer.now();
    try {
      if (ask().isEmpty()) {
        log.noteEmpty(askedAt);
        return;
      }
    } catch (NotAskedException e) {
      LOG.debug("pod={} its newest file is not known: {}", container.pod(), e.toString());
    }
    log.noteUnwatched();
  }

  /** What the newest file begins with is not known. */
  private static final class NotAskedException extends IOException {
    private static final long serialVersionUID = 1L;

    NotAskedException(IOException cause) {
      super(cause);
    }
  }

  private Optional<Instant> ask() throws NotAskedException {
    try {
      return source.newestFileBegins(container);
    } catch (IOException e) {
      throw new NotAskedException(e);
    }
  }

  private boolean askAndGoOn() throws IOException, InterruptedException {
    lookedNanos = timer.nanos();
    if (log.size() != sizeAtLook) {
      grownNanos = lookedNanos;
      sizeAtLook = log.size();
    }
    if (isNear() && held.isEmpty() && log.isReadFromFileStart()) {
      hold();
    }
    LogMark before = log.position();
    Instant askedAt = timer.now();
    Optional<Instant> begins = ask();
    if (begins.isEmpty() && log.fileBegins().isPresent()) {
      // It is the answer that so much depends on, and one that is cut short looks the same.
      begins = ask();
    }
    boolean unread = log.isAtFileStart() && log.fileBegins().isEmpty();
    if (!unread && !begins.equals(log.fileBegins())) {
      goOn(begins, askedAt);
      return true;
    }
    lastSameAt = askedAt;
    log.prove(before);
    if (!isNear()) {
      letGo();
    } else if (held.isPresent() && timer.nanos() - heldNanos > HELD_ANEW.toNanos()) {
      hold();
    }
    return false;
  }

  private void hold() {
    try {
      Instant askedAt = timer.now();
      LogStream opened = source.hold(container);
      letGo();
      held = Optional.of(opened);
      heldNanos = timer.nanos();
      heldAt = askedAt;
    } catch (IOException e) {
      LOG.debug("pod={} its file is not held: {}", container.pod(), e.toString());
    }
  }

  private void letGo() {
    held.ifPresent(LogStream::close);
    held = Optional.empty();
  }

  private void goOn(Optional<Instant> begins, Instant askedAt)
      throws IOException, InterruptedException {
    boolean whole;
    try {
      whole = rewrite(begins, timer.now());
    } finally {
      letGo();
    }
    if (!whole) {
      log.noteGap(NOT_HELD);
      log.beginUnwatchedFile(begins);
      return;
    }
    Instant rotatedAfter = later(lastSameAt, heldAt);
    lastSameAt = askedAt;
    log.beginFile(begins, askedAt);
    if (begins.isEmpty()) {
      lookIntoNextFile(rotatedAfter);
    }
  }

  /** Reading what was held took its time, and the next file may have got lines meanwhile. */
  private void lookIntoNextFile(Instant rotatedAfter) {
    try {
      Instant askedAt = timer.now();
      Optional<Instant> begins = ask();
      if (timer.now().isBefore(rotatedAfter.plus(ONE_ROTATION))) {
        log.beginFile(begins, askedAt);
        lastSameAt = askedAt;
      }
    } catch (NotAskedException e) {
      LOG.debug("pod={} its newest file is not known: {}", container.pod(), e.toString());
    }
  }

  /**
   * Puts what is held in the place of what was followed.
   *
   * @param next the time of the first line of the file that is the newest now
   * @param answeredAt when that was known
   * @return whether that is all there is before that file
   */
  private boolean rewrite(Optional<Instant> next, Instant answeredAt)
      throws IOException, InterruptedException {
    if (held.isEmpty() || !log.isReadFromFileStart()) {
      return false;
    }
    rest(LAST_WRITES);
    LogStream stream = held.get();
    stream.onArrival(timer::wake);
    try (SpooledLog.Rewriting rewriting = log.rewriting()) {
      long bytes = readAll(stream, rewriting);
      boolean isNext =
          answeredAt.isBefore(later(lastSameAt, heldAt).plus(ONE_ROTATION))
              || next.filter(rewriting.newest().plus(ONE_ROTATION)::isAfter).isPresent();
      boolean whole = isNext && bytes > sizes.onItsWay() && rewriting.isWholeFile();
      LOG.debug(
          "pod={} of the file that began at {} {} bytes were held, whole: {}",
          container.pod(),
          log.fileBegins(),
          bytes,
          whole);
      if (whole) {
        rewriting.keep();
      }
      return whole;
    } catch (StreamException | Spool.UnwritableException e) {
      LOG.debug("pod={} what was held broke off: {}", container.pod(), e.toString());
      return false;
    }
  }

  /** A stream that broke off. */
  private static final class StreamException extends IOException {
    private static final long serialVersionUID = 1L;

    StreamException(IOException cause) {
      super(cause);
    }
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private long readAll(LogStream stream, SpooledLog.Rewriting into)
      throws IOException, InterruptedException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long bytes = 0;
    long lastReadNanos = timer.nanos();
    for (int count = read(stream, buffer); count >= 0; count = read(stream, buffer)) {
      if (count > 0) {
        into.add(buffer, count);
        bytes += count;
        lastReadNanos = timer.nanos();
      } else {
        Duration left = STALLED.minusNanos(timer.nanos() - lastReadNanos);
        if (!left.isPositive()) {
          throw new StreamException(new IOException("nothing more came of it, nor its end"));
        }
        timer.rest(left);
      }
    }
    return bytes;
  }

  private static int read(LogStream stream, byte[] buffer) throws StreamException {
    try {
      return stream.read(buffer);
    } catch (IOException e) {
      throw new StreamException(e);
    }
  }

  /** Rests for all of that time, also where it is woken. */
  private void rest(Duration time) throws InterruptedException {
    long until = timer.nanos() + time.toNanos();
    for (long left = time.toNanos(); left > 0; left = until - timer.nanos()) {
      timer.rest(Duration.ofNanos(left));
    }
  }

  @Override
  public void close() {
    letGo();
  }
}
