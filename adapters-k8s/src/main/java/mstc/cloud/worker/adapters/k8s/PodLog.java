package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one container's log into the spool: followed from the container's start, because what is
 * read only at the end misses what was rotated away, and read once more after its end, because a
 * stream that breaks off may look like one that ended.
 *
 * <p>One thread runs it; others tell it when the container has ended.
 */
final class PodLog implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(PodLog.class);

  private static final int BUFFER_BYTES = 64 * 1024;
  private static final Duration MARK_INTERVAL = Duration.ofSeconds(2);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(300);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration CATCH_UP_LOOK = Duration.ofMillis(50);

  /** After a container's end: for how long a followed stream is silent once all of it has come. */
  private static final Duration SILENCE = Duration.ofMillis(150);

  /**
   * The same of a log that may have been rotated: what is still to come of it on a busy machine can
   * be read nowhere else, so the kubelet's own end of the stream is waited for, as a rule a second.
   */
  private static final Duration SILENCE_AFTER_A_LOT = Duration.ofSeconds(10);

  /** Above this, what came last came in several pieces, and might have broken off between two. */
  private static final int ONE_PIECE_BYTES = 16 * 1024;

  /** For how long an ended container's log is asked for that nobody gives. */
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /**
   * For how long an ended container's log waits for room on the disk: as long as a log waits for a
   * store that refuses it. The kubelet keeps it for as long as there is the pod.
   */
  private static final Duration DISK_PATIENCE = Duration.ofHours(1);

  /**
   * A kubelet that comes to the end of a log's file for the first time after that was rotated does
   * not notice, and stays there. So a stream that begins with a lot is left for another at its
   * first silence, unless it goes on before.
   */
  private static final Duration FIRST_SILENCE = Duration.ofSeconds(3);

  /** What comes after this comes from a kubelet that has been at the end. */
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** A log that is read to its end and no more comes of, has broken off unnoticed. */
  private static final Duration STALLED = Duration.ofSeconds(30);

  /** So may one that is followed, but a job may as well be silent. */
  private static final Duration LONGEST_SILENCE = Duration.ofMinutes(15);

  private static final long A_LOT_BYTES = 1 << 20;

  /** For a log shorter than this it does not matter where another worker goes on. */
  private static final long ROTATED_BYTES = 4L << 20;

  /**
   * A stream that is in the middle of its file while that is rotated is read to that file's end,
   * which one that waits at the end may miss. So a large file is read once more from its beginning,
   * and left unread for as long as the kubelet may take to rotate it: of a log that does not grow
   * fast, as what was read is read again.
   */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(14);

  private static final Duration ROTATION_CHECK = Duration.ofSeconds(1);

  /** A log whose file may be rotated soon is left unread from this silence on. */
  private static final Duration SILENCE_BEFORE_ROTATION = Duration.ofSeconds(1);

  /** No more than this of a stream that nobody reads is on its way, so more was left unread. */
  private static final long ON_ITS_WAY_BYTES = 7_000_000;

  private static final int LAST_QUESTIONS = 4;

  /** What is missing of a log that nobody can read any more. */
  static final String GONE_TOO_SOON = "the pod was gone before its whole log was read";

  private final LogSource source;
  private final SpooledLog log;
  private final String pod;
  private final String container;
  private final Instant startedAt;
  private final NewestFile newestFile;
  private Optional<AttachedLogs.Attached> attached;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  // Guarded by the lock.
  private @Nullable InputStream stream;
  private boolean following;
  private boolean beginning;
  private boolean broughtALot;
  private boolean silenced;
  private boolean unread;
  private boolean rotatedSoon;
  private Optional<Instant> currentFile = Optional.empty();
  private boolean oldFile;
  private boolean heardTheEnd;
  private boolean ended;
  private Optional<Instant> finishedAt = Optional.empty();
  private boolean closed;
  private boolean caughtUp;
  private long endedNanos;
  private long lastReadNanos;
  private boolean hasReadALot;
  private boolean done;

  // Only the running thread's, until it is done.
  private SpooledLog.StreamEnd lastStreamEnd;
  private long lastMarkNanos;

  /**
   * @param startedAt when the container started
   * @param attached a stream that is open already
   * @param overlaps whether that was so while another worker read what is in the log
   */
  PodLog(
      LogSource source,
      SpooledLog log,
      String pod,
      String container,
      Instant startedAt,
      Optional<AttachedLogs.Attached> attached,
      boolean overlaps) {
    this.source = source;
    this.log = log;
    this.pod = pod;
    this.container = container;
    this.startedAt = startedAt;
    this.newestFile = new NewestFile(source, pod, container, log);
    this.attached = attached;
    this.lastStreamEnd = overlaps ? SpooledLog.StreamEnd.COVERED : SpooledLog.StreamEnd.BROKEN;
  }

  SpooledLog spooled() {
    return log;
  }

  /**
   * The container has ended: what it wrote is all there is. May be repeated.
   *
   * @param at when it ended; empty where that is not known
   */
  void containerEnded(Optional<Instant> at) {
    lock.lock();
    try {
      finishedAt = finishedAt.or(() -> at);
      if (ended) {
        return;
      }
      ended = true;
      endedNanos = System.nanoTime();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Gives up; what was written stays for whoever continues. */
  void close() {
    lock.lock();
    try {
      caughtUp = closed ? caughtUp : hasCaughtUp();
      closed = true;
      changed.signalAll();
      closeStream();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Whether nothing more can come of what the container had written: its streams have brought
   * nothing for a while, or all there is. Once closed, whether that was so.
   */
  boolean isCaughtUp() {
    return locked(() -> closed ? caughtUp : hasCaughtUp());
  }

  private boolean hasCaughtUp() {
    return log.isWhole()
        || (stream != null
            && !unread
            && System.nanoTime() - lastReadNanos >= FIRST_SILENCE.toNanos());
  }

  /** Waits until all that a long log was written by then has been read, or for that long. */
  void awaitCaughtUp(Instant writtenBy, Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (log.size() >= ROTATED_BYTES
        && !isCaughtUp()
        && log.newestTime().filter(writtenBy::isBefore).isEmpty()
        && System.nanoTime() < deadline) {
      Thread.sleep(CATCH_UP_LOOK);
    }
  }

  /** Waits until the whole log is there, or nobody has more of it. */
  void awaitDone() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!done) {
        changed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing is known to be missing; to be asked once done. */
  boolean isComplete() {
    return log.gaps().isEmpty() && !log.isTruncated();
  }

  /** What the client should know about the log; to be asked once done. */
  List<String> warnings() {
    return log.gaps().stream().map(PodLog::notComplete).toList();
  }

  static String notComplete(String gap) {
    return "the log is not complete: " + gap;
  }

  @Override
  public void run() {
    try (log) {
      if (!log.isWhole()) {
        collect();
        log.noteWhatIsNotProven(startedAt, finishedAt);
      }
      log.noteWhole();
    } catch (InterruptedException e) {
      LOG.debug("pod={} its log is left to the next start", pod);
    } catch (IOException | RuntimeException e) {
      LOG.error("pod={} its log cannot be spooled", pod, e);
      log.noteGap("the log could not be spooled: " + e);
    } finally {
      lock.lock();
      try {
        done = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  private void collect() throws IOException, InterruptedException {
    Duration pause = FIRST_PAUSE;
    long endOfLastRead = -1;
    while (!isClosed()) {
      boolean last = hasEnded() && attached.isEmpty();
      boolean leftForRotation = false;
      try {
        long bytes = read(!last);
        leftForRotation = isToBeLeftUnread();
        if (log.isTruncated()
            || (last && (bytes <= ONE_PIECE_BYTES || log.size() == endOfLastRead))) {
          endLog();
          return;
        }
        pause = FIRST_PAUSE;
        if (last) {
          endOfLastRead = log.size();
          continue;
        }
      } catch (LogSource.GoneException e) {
        endLog();
        if (!hasHeardTheEnd()) {
          log.noteGap(GONE_TOO_SOON);
        }
        return;
      } catch (Spool.UnwritableException e) {
        LOG.warn("pod={} its log waits for room: {}", pod, e.getMessage());
        if (last && System.nanoTime() - endedNanos > DISK_PATIENCE.toNanos()) {
          endLog();
          log.noteGap("its end could not be spooled: " + e.getMessage());
          return;
        }
      } catch (UnreadableException e) {
        LOG.debug("pod={} log: {}", pod, e.getMessage());
        if (last && System.nanoTime() - endedNanos > PATIENCE.toNanos()) {
          endLog();
          log.noteGap("its end could not be read: " + e.getMessage());
          return;
        }
      }
      if (!last && hasEnded()) {
        continue;
      }
      awaitEndOr(leftForRotation ? Duration.ZERO : pause);
      pause = min(pause.multipliedBy(2), LONGEST_PAUSE);
    }
    throw new InterruptedException("closed");
  }

  private void endLog() throws InterruptedException {
    if (newestFile.isToBeAskedAtTheEnd() && !log.isTruncated()) {
      askAtTheEnd();
    }
    log.endLine();
  }

  /** What the log ended with may be in a file that is not the newest any more. */
  private void askAtTheEnd() throws InterruptedException {
    for (int question = 1; question <= LAST_QUESTIONS; question++) {
      try {
        newestFile.ask(false);
        if (newestFile.begins().isEmpty()) {
          log.noteEmptyNewestFile();
        }
        return;
      } catch (IOException e) {
        LOG.debug("pod={} its newest file is not known: {}", pod, e.toString());
      }
      awaitEndOr(FIRST_PAUSE.multipliedBy(question));
    }
    log.noteGap("its newest file could not be asked for, and its end may be missing");
  }

  /** No stream, or one that broke off. */
  private static final class UnreadableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnreadableException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Reads one stream to its end.
   *
   * @return how many bytes came that were not there before
   */
  private long read(boolean follow) throws IOException, InterruptedException, UnreadableException {
    boolean leaveUnread = follow && isToBeLeftUnread();
    AttachedLogs.Attached opening = open(follow, leaveUnread);
    InputStream opened = opening.stream();
    SpooledLog.Lines coming =
        log.lines(
            lastStreamEnd,
            opening.askedAt(),
            SpooledLog.isNotRotatedYet(startedAt, opening.openedAt()));
    SpooledLog.StreamEnd end = SpooledLog.StreamEnd.BROKEN;
    boolean lagging = false;
    Optional<Instant> next = Optional.empty();
    try (opened) {
      lagging = leaveUnread && awaitRotation();
      next = newestFile.begins();
      boolean waiting = read(opened, coming, follow, lagging);
      end = follow && waiting ? SpooledLog.StreamEnd.ENDED : end;
      noteEndOfStream();
    } catch (StreamException e) {
      if (!wasSilenced()) {
        throw new UnreadableException(String.valueOf(e.getMessage()), e);
      }
      LOG.debug("pod={} its stream was closed, as nothing more came", pod);
      newestFile.noteSilence();
      end = SpooledLog.StreamEnd.LEFT;
    } finally {
      leaveStream();
      lastStreamEnd = coming.after(end);
      if (coming.hasGap()) {
        log.noteGap("lines were rotated away while the cluster could not be reached");
      }
      if (lagging && end != SpooledLog.StreamEnd.BROKEN) {
        noteNextFile(coming, next);
      } else if (newestFile.isLarge()) {
        askForNewestFile(false);
      }
    }
    Optional<String> words = coming.foreignWords();
    if (words.isPresent()) {
      throw new UnreadableException("the kubelet says: " + words.get(), null);
    }
    if (coming.isShort()) {
      throw new UnreadableException("lines that were read before are not there any more", null);
    }
    return coming.newBytes();
  }

  /** A failure of the stream, and not of the file that it is written to. */
  private static final class StreamException extends IOException {
    private static final long serialVersionUID = 1L;

    StreamException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private AttachedLogs.Attached open(boolean follow, boolean leaveUnread)
      throws UnreadableException, LogSource.GoneException {
    AttachedLogs.Attached opening;
    try {
      if (attached.isPresent()) {
        opening = attached.get();
        attached = Optional.empty();
      } else {
        opening =
            AttachedLogs.open(
                source, pod, container, follow, leaveUnread ? Optional.empty() : log.resumeFrom());
      }
    } catch (LogSource.GoneException e) {
      throw e;
    } catch (IOException e) {
      throw new UnreadableException(String.valueOf(e.getMessage()), e);
    }
    InputStream opened = opening.stream();
    lock.lock();
    try {
      stream = opened;
      following = follow;
      beginning = follow;
      broughtALot = false;
      unread = leaveUnread;
      rotatedSoon = false;
      oldFile = false;
      lastReadNanos = System.nanoTime();
      silenced = false;
      if (closed) {
        closeStream();
      } else {
        Thread.ofVirtual().name("log-watch-" + pod).start(() -> closeOnceSilent(opened));
      }
    } finally {
      lock.unlock();
    }
    return opening;
  }

  /**
   * Reads on to the stream's end.
   *
   * @param lagging whether its file was rotated before it was read
   * @return whether it is known to have waited at its file's end before that was rotated
   */
  private boolean read(InputStream in, SpooledLog.Lines lines, boolean follow, boolean lagging)
      throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    boolean paused = false;
    boolean waiting = false;
    while (!log.isTruncated()) {
      int read;
      try {
        read = in.read(buffer);
      } catch (IOException e) {
        throw new StreamException(e);
      }
      if (read < 0) {
        return waiting || !newestFile.isLarge();
      }
      long endedBefore = lines.ended();
      long newBefore = lines.newBytes();
      paused |= noteRead(lines.newBytes());
      lines.add(buffer, read);
      newestFile.read(read, lines.ended() - endedBefore, Math.max(0, lines.newBytes() - newBefore));
      saveMarkFromTimeToTime();
      if (follow && newestFile.isToBeAsked()) {
        boolean another = askForNewestFile(lagging);
        waiting |= paused && !another && newestFile.begins().isPresent();
      }
      if (follow && !lagging && isToBeLeftUnread()) {
        return false;
      }
      noteRotatedSoon(newestFile.isRotatedSoon() && !lagging);
    }
    return false;
  }

  private boolean isToBeLeftUnread() {
    return newestFile.isRotatedSoon() && newestFile.isSlow() && !hasEnded();
  }

  /** Whether there is another one. */
  private boolean askForNewestFile(boolean lagging) {
    try {
      return newestFile.ask(lagging);
    } catch (IOException e) {
      LOG.debug("pod={} its newest file is not known: {}", pod, e.toString());
      return false;
    }
  }

  /** Leaves the stream unread until its file was rotated; false where it was not. */
  private boolean awaitRotation() throws InterruptedException {
    long size = newestFile.bytes();
    long begin = System.nanoTime();
    askForNewestFile(true);
    boolean rotated = false;
    while (!rotated
        && !hasEnded()
        && !isClosed()
        && newestFile.begins().isPresent()
        && System.nanoTime() - begin < LONGEST_WAIT.toNanos()) {
      awaitEndOr(ROTATION_CHECK);
      rotated = askForNewestFile(true);
    }
    if (!rotated && !hasEnded()) {
      newestFile.noteNotRotated(size);
    }
    newestFile.readAgain();
    noteReadOn(rotated);
    return rotated;
  }

  /** It goes on to the next file, where that is known to follow the one that was left unread. */
  private void noteNextFile(SpooledLog.Lines read, Optional<Instant> next) {
    askForNewestFile(next.isEmpty());
    boolean same = next.isEmpty() || next.equals(newestFile.begins());
    if (same
        && read.bytes() > ON_ITS_WAY_BYTES
        && newestFile.begins().filter(log::hasGiven).isEmpty()) {
      log.noteNextFile(Instant.now());
    }
    newestFile.readAgain();
  }

  private void saveMarkFromTimeToTime() throws IOException {
    long now = System.nanoTime();
    if (now - lastMarkNanos > MARK_INTERVAL.toNanos()) {
      log.saveMark();
      lastMarkNanos = now;
    }
  }

  /** Whether it was silent for so long that the kubelet has been at its file's end. */
  private boolean noteRead(long newBytes) {
    lock.lock();
    try {
      long now = System.nanoTime();
      boolean paused = now - lastReadNanos >= PAUSE.toNanos();
      beginning &= newBytes == 0 || now - lastReadNanos < PAUSE.toNanos();
      broughtALot = newBytes > A_LOT_BYTES;
      lastReadNanos = now;
      hasReadALot = log.size() > A_LOT_BYTES;
      return paused;
    } finally {
      lock.unlock();
    }
  }

  private void noteRotatedSoon(boolean soon) {
    lock.lock();
    try {
      if (soon && !rotatedSoon) {
        changed.signalAll();
      }
      rotatedSoon = soon;
      currentFile = newestFile.begins().or(log::firstTime);
    } finally {
      lock.unlock();
    }
  }

  private void noteReadOn(boolean rotated) {
    lock.lock();
    try {
      unread = false;
      oldFile = rotated;
      lastReadNanos = System.nanoTime();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void leaveStream() {
    lock.lock();
    try {
      stream = null;
      following = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Closes a stream that nothing comes from any more: the kubelet notices only seconds later that
   * nothing more can come, and a broken connection may never be noticed.
   */
  private void closeOnceSilent(InputStream watched) {
    lock.lock();
    try {
      while (watched.equals(stream)) {
        boolean atTheEnd = following && ended;
        long since = atTheEnd ? Math.max(lastReadNanos, endedNanos) : lastReadNanos;
        long left = longestSilence().toNanos() - (System.nanoTime() - since);
        if (left > 0) {
          var _ = changed.awaitNanos(left);
        } else if (beginning && !ended && !broughtALot && !oldFile && !rotatedSoon) {
          beginning = false;
        } else if (rotatedSoon && !ended && isRotated()) {
          // It is in the next file, or will be: there is nothing to wait for.
          rotatedSoon = false;
        } else {
          silenced = atTheEnd || beginning || oldFile || rotatedSoon;
          heardTheEnd |= atTheEnd;
          closeStream();
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /** Asks without the lock, which is held before and after. */
  private boolean isRotated() {
    Optional<Instant> known = currentFile;
    lock.unlock();
    try {
      return !source.newestFileBegins(pod, container).equals(known);
    } catch (IOException e) {
      LOG.debug("pod={} its newest file is not known: {}", pod, e.toString());
      return true;
    } finally {
      lock.lock();
    }
  }

  private Duration longestSilence() {
    if (!following) {
      return STALLED;
    }
    if (unread) {
      return LONGEST_SILENCE;
    }
    if (ended) {
      return hasReadALot ? SILENCE_AFTER_A_LOT : SILENCE;
    }
    if (rotatedSoon) {
      return SILENCE_BEFORE_ROTATION;
    }
    return beginning || oldFile ? FIRST_SILENCE : LONGEST_SILENCE;
  }

  private boolean wasSilenced() {
    return locked(() -> silenced);
  }

  private void noteEndOfStream() {
    lock.lock();
    try {
      heardTheEnd |= ended;
    } finally {
      lock.unlock();
    }
  }

  private boolean hasHeardTheEnd() {
    return locked(() -> heardTheEnd);
  }

  private void closeStream() {
    InputStream open = stream;
    if (open == null) {
      return;
    }
    try {
      open.close();
    } catch (IOException e) {
      LOG.debug("pod={} its stream was broken already: {}", pod, e.toString());
    }
  }

  private boolean hasEnded() {
    return locked(() -> ended);
  }

  private boolean isClosed() {
    return locked(() -> closed);
  }

  private boolean locked(BooleanSupplier state) {
    lock.lock();
    try {
      return state.getAsBoolean();
    } finally {
      lock.unlock();
    }
  }

  private void awaitEndOr(Duration pause) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      boolean endedBefore = ended;
      long nanos = pause.toNanos();
      while (ended == endedBefore && !closed && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
