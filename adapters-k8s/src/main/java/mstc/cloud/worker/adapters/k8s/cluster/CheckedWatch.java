package mstc.cloud.worker.adapters.k8s.cluster;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A watch whose silence is checked, as a connection may be cut without anyone noticing. When it has
 * reported nothing for a while, the items are listed; if the list shows what the watch should have
 * reported, the watch is restarted. The longer nothing happens, the longer the while.
 */
public final class CheckedWatch<T extends HasMetadata> {
  private static final Logger LOG = LoggerFactory.getLogger(CheckedWatch.class);

  /** The first silence that is checked is this many times shorter than the longest. */
  private static final int FIRST_SILENCE_PART = 10;

  /** How far a watch that works may be behind a list. */
  private static final Duration LAG = Duration.ofSeconds(2);

  /** The cluster. */
  public interface Items<T extends HasMetadata> {
    /** Begins to watch; the callbacks get items that are new or changed, and those gone. */
    Runnable watch(Consumer<T> update, Consumer<T> remove);

    KubernetesResourceList<T> list();
  }

  private final String what;
  private final Items<T> items;
  private final Predicate<T> update;
  private final Consumer<T> remove;
  private final BiConsumer<Set<String>, String> retain;
  private final Timer timer;
  private final Duration longestSilence;

  /** Counts what the watch has reported. */
  private final AtomicLong told = new AtomicLong();

  private volatile long heardNanos;

  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private @Nullable Runnable stopWatching;

  @GuardedBy("lock")
  private boolean closed;

  // Only used by the looking thread.
  private long toldAtLook;
  private long lookedNanos;
  private Duration silence;

  /**
   * A watch that has not begun yet.
   *
   * @param what is watched, for the log
   * @param update called with items; returns whether they are newer than what was known
   * @param remove called with items that are gone
   * @param retain called with the uids of all items there are, and the list's version
   * @param longestSilence after which the items are listed in any case
   */
  public CheckedWatch(
      String what,
      Items<T> items,
      Predicate<T> update,
      Consumer<T> remove,
      BiConsumer<Set<String>, String> retain,
      Timer timer,
      Duration longestSilence) {
    this.what = what;
    this.items = items;
    this.update = update;
    this.remove = remove;
    this.retain = retain;
    this.timer = timer;
    this.longestSilence = longestSilence;
    this.lookedNanos = timer.nanos();
    this.heardNanos = lookedNanos;
    this.silence = longestSilence.dividedBy(FIRST_SILENCE_PART);
  }

  /** Begins to watch, or begins again. */
  public void begin() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      if (stopWatching != null) {
        stopWatching.run();
      }
      stopWatching = items.watch(this::tell, this::tellGone);
    } finally {
      lock.unlock();
    }
  }

  private void tell(T item) {
    hear();
    know(item);
  }

  private void tellGone(T item) {
    hear();
    remove.accept(item);
  }

  private void hear() {
    told.incrementAndGet();
    heardNanos = timer.nanos();
  }

  /** How long ago the cluster last reported or listed something. Any thread. */
  public Duration silence() {
    return Duration.ofNanos(timer.nanos() - heardNanos);
  }

  /** Takes note of an item that did not come from the watch. */
  public void know(T item) {
    var _ = update.test(item);
  }

  /** Something was done that the watch should report: its silence counts from now on. */
  public void expectNews() {
    lookedNanos = timer.nanos();
    silence = longestSilence.dividedBy(FIRST_SILENCE_PART);
  }

  /** Lists the items if the watch has been silent for too long. */
  public void look() throws InterruptedException {
    if (told.get() != toldAtLook) {
      toldAtLook = told.get();
      expectNews();
    }
    long now = timer.nanos();
    if (now - lookedNanos < silence.toNanos()) {
      return;
    }
    lookedNanos = now;
    Duration longer = silence.multipliedBy(2);
    silence = longer.compareTo(longestSilence) < 0 ? longer : longestSilence;
    boolean missed;
    try {
      missed = list();
    } catch (KubernetesClientException e) {
      LOG.debug("{}: not listed this time: {}", what, ApiErrors.message(e));
      return;
    }
    if (missed) {
      timer.rest(LAG);
      if (told.get() == toldAtLook) {
        LOG.warn("The watch on {} has broken off unnoticed, and is begun anew", what);
        begin();
      }
    }
  }

  /**
   * Brings what is known up to date.
   *
   * @return whether something was newer than what was known
   * @throws KubernetesClientException if the cluster cannot be asked
   */
  public boolean list() {
    KubernetesResourceList<T> list = items.list();
    heardNanos = timer.nanos();
    boolean newer = false;
    for (T item : list.getItems()) {
      newer |= update.test(item);
    }
    retain.accept(
        list.getItems().stream()
            .map(item -> item.getMetadata().getUid())
            .collect(Collectors.toSet()),
        list.getMetadata().getResourceVersion());
    return newer;
  }

  public void close() {
    lock.lock();
    try {
      closed = true;
      if (stopWatching != null) {
        stopWatching.run();
      }
    } finally {
      lock.unlock();
    }
  }
}
