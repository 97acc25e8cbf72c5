package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;
import mstc.cloud.worker.adapters.k8s.log.LogSource.Container;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes sure that nothing is missed when the kubelet rotates a log that is followed.
 *
 * <p>A kubelet that waits at the end of a file goes on to the next as soon as that is created. Only
 * after that does the container runtime write what it has of an unfinished line, to the old file. A
 * kubelet that is in the middle of a file, as nobody reads its stream, reads the file to its end.
 * So a file that may soon be rotated is <em>pinned</em>: opened a second time and left unread. From
 * time to time a check shows whether it is still the newest. Once it is not, the pinned stream is
 * read to its end and replaces what was followed, and the next file is read from its beginning. A
 * shorter log costs nothing.
 *
 * <p>Only used by the thread that reads the log.
 */
public final class Rotation implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Rotation.class);

  /** What may be missing if a file that was not pinned was rotated. */
  static final String NOT_PINNED =
      "its file was rotated, and what was written just before may be missing";

  private static final String NOT_ASKED =
      "its newest file could not be asked for, and its end may be missing";

  private static final int BUFFER_BYTES = 64 * 1024;

  private static final int LAST_QUESTIONS = 4;

  /**
   * What counts as large.
   *
   * @param near from which size on a file may soon be rotated, in bytes
   * @param onItsWay the most of a pinned stream that is in transit, in bytes: if more comes, the
   *     kubelet was still in the middle of the file
   */
  public record Sizes(long near, long onItsWay) {
    /** Kubelets rotate at 10 MiB, unless they are configured to do so later. */
    public static final Sizes OF_KUBELETS = new Sizes(6 << 20, 5_000_000);
  }

  private final LogSource source;
  private final SpooledLog log;
  private final Container container;
  private final Timer timer;
  private final Sizes sizes;

  private Optional<Pin> pinned;
  private long lookedNanos;
  private long grownNanos;
  private long sizeAtLook = -1;
  private Instant lastSameAt = Instant.MIN;
  private boolean settled;
  private Optional<LogStream> next = Optional.empty();

  /**
   * @param pinned the newest file, opened while another worker still read the log
   */
  Rotation(
      LogSource source,
      SpooledLog log,
      Container container,
      Timer timer,
      Sizes sizes,
      Optional<LogStream> pinned) {
    this.source = source;
    this.log = log;
    this.container = container;
    this.timer = timer;
    this.sizes = sizes;
    long now = timer.nanos();
    this.pinned = pinned.map(stream -> new Pin(stream, Instant.MIN, now, true));
    grownNanos = now;
    lookedNanos = now - LogTimes.RARE_ROTATION_LOOK.toNanos();
  }

  /** Whether the current file may soon be rotated, or already was. */
  boolean isNear() {
    return log.fileBytes() >= sizes.near();
  }

  boolean isToBeLookedFor() {
    return isNear() && !untilNextLook().isPositive();
  }

  /** How long until the next check. */
  Duration untilNextLook() {
    if (!isNear()) {
      return LogTimes.RARE_ROTATION_LOOK;
    }
    return interval().minusNanos(timer.nanos() - lookedNanos);
  }

  private Duration interval() {
    boolean silent =
        log.size() == sizeAtLook && timer.nanos() - grownNanos > LogTimes.ROTATED_BY_NOW.toNanos();
    return silent ? LogTimes.RARE_ROTATION_LOOK : LogTimes.ROTATION_LOOK;
  }

  /**
   * Checks whether the current file is still the newest. If it is not, reads the rest of it, and
   * the log continues with the next one.
   *
   * @return whether it continues so: the stream being read may be of either file
   * @throws IOException when the spool cannot be written
   */
  boolean look() throws IOException, InterruptedException {
    if (!isNear() && pinned.isEmpty()) {
      return false;
    }
    try {
      return askAndGoOn();
    } catch (NotAskedException e) {
      LOG.debug("pod={} its newest file is not known: {}", container.pod(), e.toString());
      return false;
    }
  }

  /** The same once the container has ended: from then on its log is not rotated. */
  void lookAtTheEnd() throws IOException, InterruptedException {
    for (int question = 1; !settled && (isNear() || pinned.isPresent()); question++) {
      try {
        settled = !askAndGoOn();
        return;
      } catch (NotAskedException e) {
        LOG.debug("pod={} its newest file is not known: {}", container.pod(), e.toString());
        if (question == LAST_QUESTIONS) {
          log.noteGap(NOT_ASKED);
          return;
        }
        rest(LogTimes.LAST_WRITES);
      }
    }
  }

  /** The same before another worker resumes from here. */
  void lookBeforeLeaving() throws IOException, InterruptedException {
    if (log.isAtFileStart()) {
      noteSilence();
    } else {
      var _ = look();
    }
  }

  /** Nothing has come for long: checks whether that is because nothing was written. */
  void noteSilence() {
    if (!log.isAtFileStart() || next.isPresent()) {
      // What a stream that nobody has taken brings is not known.
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

  /** It is not known what the newest file begins with. */
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
    Optional<Pin> opened = isToBePinned() ? pin() : Optional.empty();
    try {
      LogPosition before = log.position();
      Instant askedAt = timer.now();
      Optional<Instant> begins = ask();
      if (begins.isEmpty() && log.fileBegins().isPresent()) {
        // Much depends on this response, and one that is cut short looks the same.
        begins = ask();
      }
      boolean unread = log.isAtFileStart() && log.fileBegins().isEmpty();
      boolean same = unread || begins.equals(log.fileBegins());
      if (!same) {
        goOn(begins, askedAt, Stream.concat(pinned.stream(), opened.stream()).toList());
        return true;
      }
      if (opened.isPresent()) {
        unpin();
        pinned = opened;
        opened = Optional.empty();
      }
      lastSameAt = askedAt;
      log.prove(before);
      if (!isNear() && !log.isAtFileStart()) {
        unpin();
      }
      return false;
    } finally {
      opened.ifPresent(Pin::close);
    }
  }

  private boolean isToBePinned() {
    boolean unreadWhileItGrew = log.isAtFileStart() && pinned.isPresent();
    return (isNear() || unreadWhileItGrew)
        && log.isReadFromFileStart()
        && pinned
            .filter(Pin::large)
            .filter(pin -> timer.nanos() - pin.nanos() <= LogTimes.PINNED_ANEW.toNanos())
            .isEmpty();
  }

  private Optional<Pin> pin() {
    try {
      return Optional.of(Pin.open(source, container, timer, isNear()));
    } catch (IOException e) {
      LOG.debug("pod={} its file is not pinned: {}", container.pod(), e.toString());
      return Optional.empty();
    }
  }

  private void unpin() {
    pinned.ifPresent(Pin::close);
    pinned = Optional.empty();
  }

  private void goOn(Optional<Instant> begins, Instant askedAt, List<Pin> pins)
      throws IOException, InterruptedException {
    takeNext().ifPresent(LogStream::close);
    // Of two, the second may be of the next file.
    Instant rotatedAfter = pins.isEmpty() ? lastSameAt : later(lastSameAt, pins.getFirst().at());
    try (NextFile file = new NextFile(source, container, timer, begins, askedAt, rotatedAfter)) {
      Instant knownAt = timer.now();
      file.follow();
      boolean whole;
      try {
        whole = rewrite(pins, file, knownAt);
      } finally {
        unpin();
      }
      if (!whole) {
        log.noteGap(NOT_PINNED);
        log.beginUnwatchedFile(file.begins());
        return;
      }
      lastSameAt = file.askedAt();
      log.beginFile(file.begins(), file.askedAt());
      if (file.isFollowed()) {
        log.noteOpened(file.followedAt());
      }
      next = file.takeFollowed();
      pinned = file.takePinned();
    }
  }

  /** Whether the next file is followed, and nobody has taken its stream. */
  boolean hasNext() {
    return next.isPresent();
  }

  /** Gives away the stream of the next file, which has been read by nobody. */
  Optional<LogStream> takeNext() {
    Optional<LogStream> taken = next;
    next = Optional.empty();
    return taken;
  }

  /**
   * Replaces what was followed by what is pinned.
   *
   * @param pins which may be of the file that is rotated, and be in the middle of it
   * @param next the file that is the newest now
   * @param knownAt when that was known
   * @return whether that is all there is before that file
   */
  private boolean rewrite(List<Pin> pins, NextFile next, Instant knownAt)
      throws IOException, InterruptedException {
    if (pins.isEmpty() || !log.isReadFromFileStart()) {
      return false;
    }
    rest(LogTimes.LAST_WRITES);
    for (Pin pin : pins) {
      if (rewrite(pin, next, knownAt)) {
        return true;
      }
    }
    return false;
  }

  private boolean rewrite(Pin pin, NextFile next, Instant knownAt)
      throws IOException, InterruptedException {
    LogStream stream = pin.stream();
    stream.onArrival(timer::wake);
    try (SpooledLog.Rewriting rewriting = log.rewriting()) {
      long bytes = readAll(stream, rewriting, next);
      boolean isNext =
          knownAt.isBefore(later(lastSameAt, pin.at()).plus(LogTimes.ONE_ROTATION))
              || next.begins()
                  .filter(rewriting.newest().plus(LogTimes.ONE_ROTATION)::isAfter)
                  .isPresent();
      boolean whole = isNext && bytes > sizes.onItsWay() && rewriting.isWholeFile();
      LOG.debug(
          "pod={} of the file that began at {} {} bytes were pinned, whole: {}",
          container.pod(),
          log.fileBegins(),
          bytes,
          whole);
      if (whole) {
        rewriting.keep();
      }
      return whole;
    } catch (StreamException | SpoolRoom.UnwritableException e) {
      LOG.debug("pod={} what was pinned broke off: {}", container.pod(), e.toString());
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

  private long readAll(LogStream stream, SpooledLog.Rewriting into, NextFile next)
      throws IOException, InterruptedException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long bytes = 0;
    SilenceWatchdog watchdog = new SilenceWatchdog(timer);
    for (int count = read(stream, buffer); count >= 0; count = read(stream, buffer)) {
      next.look();
      if (count > 0) {
        into.add(buffer, count);
        bytes += count;
        watchdog.heard();
      } else {
        Duration left = watchdog.leftToRead();
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

  /** Rests for the whole time, even if it is woken. */
  private void rest(Duration time) throws InterruptedException {
    long until = timer.nanos() + time.toNanos();
    for (long left = time.toNanos(); left > 0; left = until - timer.nanos()) {
      timer.rest(Duration.ofNanos(left));
    }
  }

  @Override
  public void close() {
    unpin();
    takeNext().ifPresent(LogStream::close);
  }
}
