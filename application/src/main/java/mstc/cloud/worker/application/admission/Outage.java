package mstc.cloud.worker.application.admission;

import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.application.admission.SharedCheck.Finding;
import mstc.cloud.worker.application.metrics.IntakePause;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.application.retry.Patience;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.store.LogStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps requests in the queue while the runtime or the store is unavailable: none is taken in that
 * could not be run, or whose log could not be stored. Each port's own check decides whether its
 * system is available, because a call may also fail because of what it asked for.
 */
public final class Outage {
  private static final Logger LOG = LoggerFactory.getLogger(Outage.class);

  /**
   * Guards the fields below, and keeps pauses and resumptions of the admission in order. Never held
   * while blocking: the queue is told afterwards.
   */
  private final ReentrantLock lock = new ReentrantLock();

  private final Admission admission;
  private final SharedCheck runtimeCheck;
  private final SharedCheck storeCheck;
  private final Backoff backoff;
  private volatile Optional<Pause> pause = Optional.of(Pause.beginning(IntakePause.STARTING));
  private boolean lasting;
  private boolean stopped;
  private @Nullable Thread watcher;

  /** Pauses the admission whenever one of the two is unavailable, until both are available. */
  public Outage(Admission admission, JobRuntime runtime, LogStore store, Backoff backoff) {
    this.admission = admission;
    this.runtimeCheck = new SharedCheck(runtime::check);
    this.storeCheck = new SharedCheck(store::check);
    this.backoff = backoff;
  }

  /** Lets requests in as soon as both systems are available. Returns at once. */
  public void start() {
    var _ = begin(0, IntakePause.STARTING);
  }

  /** Why no requests are taken in, and since when; empty while they are. Does not block. */
  public Optional<Pause> pause() {
    return pause;
  }

  /** What to do about a call that failed. */
  public enum Remedy {
    /** Repeat it, without limit: its system is unavailable. */
    AWAIT_SYSTEM,
    /** Repeat it: its system is available, but fails for this call. */
    REPEAT,
    /** Go on without it. */
    GIVE_UP
  }

  /**
   * Notes a call that failed, and decides what to do about it. Blocks like {@link
   * #onFailure(PortException)}.
   *
   * @param patience with which what failed is tried; notes the failure
   */
  public Remedy onFailure(PortException failure, Patience patience) {
    if (!failure.isRetryable() && !patience.coversRefusals()) {
      return Remedy.GIVE_UP;
    }
    boolean away = onFailure(failure);
    if (patience.noteFailure(away)) {
      return Remedy.GIVE_UP;
    }
    return away ? Remedy.AWAIT_SYSTEM : Remedy.REPEAT;
  }

  /**
   * Notes a call that failed and will be repeated, and finds out whether the system as a whole is
   * available. Blocks like that port's check and, if this begins an outage, like {@link
   * Admission#update}.
   *
   * @return whether the system is unavailable; else it failed for this call only, or refuses
   *     everything
   */
  public boolean onFailure(PortException failure) {
    if (isStopped()) {
      return failure.isRetryable();
    }
    return switch (failure) {
      case ObjectStoreException e -> noteFinding(storeCheck.recently(), IntakePause.STORE, e);
      case JobRuntimeException e -> noteFinding(runtimeCheck.recently(), IntakePause.RUNTIME, e);
      default -> false;
    };
  }

  /** Begins an outage unless the system is available. Returns whether it is unavailable. */
  private boolean noteFinding(Finding finding, IntakePause why, PortException failure) {
    if (finding != Finding.THERE && begin(1, why)) {
      LOG.warn("No more requests are taken in: {}", failure.getMessage());
    }
    return finding == Finding.AWAY;
  }

  private boolean isStopped() {
    lock.lock();
    try {
      return stopped;
    } finally {
      lock.unlock();
    }
  }

  /** False if it has already begun. */
  private boolean begin(int failedAttempts, IntakePause why) {
    lock.lock();
    try {
      if (lasting || stopped) {
        return false;
      }
      lasting = true;
      pause = Optional.of(Pause.beginning(why));
      admission.pause();
      watcher = Thread.ofVirtual().name("outage").start(() -> awaitEnd(failedAttempts));
    } finally {
      lock.unlock();
    }
    admission.update();
    return true;
  }

  private void awaitEnd(int failedAttempts) {
    try {
      int attempt = failedAttempts;
      if (attempt > 0) {
        backoff.pauseAfter(attempt);
      }
      for (var why = findUnavailable(); why.isPresent(); why = findUnavailable()) {
        IntakePause reason = why.get();
        pause = pause.map(lasting -> lasting.becauseOf(reason));
        backoff.pauseAfter(++attempt);
      }
      end();
    } catch (InterruptedException e) {
      LOG.debug("The worker stops during an outage");
    }
  }

  private void end() {
    lock.lock();
    try {
      lasting = false;
      watcher = null; // It no longer waits, and a stop must not interrupt what it still does.
      if (stopped) {
        return;
      }
      LOG.info("Requests are taken in");
      pause = Optional.empty();
      admission.resume();
    } finally {
      lock.unlock();
    }
    admission.update();
  }

  /** Stops watching for good. May be repeated, and called before {@link #start}. */
  public void stop() {
    lock.lock();
    try {
      stopped = true;
      if (watcher != null) {
        watcher.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Empty if both systems are available. */
  private Optional<IntakePause> findUnavailable() {
    if (runtimeCheck.now() != Finding.THERE) {
      return Optional.of(IntakePause.RUNTIME);
    }
    return storeCheck.now() == Finding.THERE ? Optional.empty() : Optional.of(IntakePause.STORE);
  }
}
