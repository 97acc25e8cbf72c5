package mstc.cloud.worker.adapters.k8s;

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
 * A watch whose silence is not believed: a connection may be cut without anyone noticing. Where it
 * has told nothing for a while the items are listed, and where that tells what it should have told
 * it is begun anew. The longer nothing happens, the longer the while.
 */
final class CheckedWatch<T extends HasMetadata> {
  private static final Logger LOG = LoggerFactory.getLogger(CheckedWatch.class);

  /** How much shorter than the longest silence the first one is that is looked into. */
  private static final int FIRST_SILENCE_PART = 10;

  /** For how long a watch that works may be behind a list. */
  private static final Duration LAG = Duration.ofSeconds(2);

  /** The cluster. */
  interface Items<T extends HasMetadata> {
    /** Begins to watch; whoever is called gets items that are new or changed, and those gone. */
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

  /** Counts what the watch has told. */
  private final AtomicLong told = new AtomicLong();

  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Runnable stopWatching;
  private boolean closed;

  // Only the looking thread's.
  private long toldAtLook;
  private long lookedNanos;
  private Duration silence;

  /**
   * A watch that is not begun yet.
   *
   * @param what is watched, for the log
   * @param update told of items; whether they are newer than what was known
   * @param remove told of items that are gone
   * @param retain told of the uids of all items there are, and of the list's version
   * @param longestSilence after which the items are listed in any case
   */
  CheckedWatch(
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
    this.silence = longestSilence.dividedBy(FIRST_SILENCE_PART);
  }

  /** Begins to watch, or does so anew. */
  void begin() {
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
    told.incrementAndGet();
    know(item);
  }

  private void tellGone(T item) {
    told.incrementAndGet();
    remove.accept(item);
  }

  /** Takes note of an item that did not come by the watch. */
  void know(T item) {
    var _ = update.test(item);
  }

  /** Something was done that the watch should tell of: its silence counts from now on. */
  void expectNews() {
    lookedNanos = timer.nanos();
    silence = longestSilence.dividedBy(FIRST_SILENCE_PART);
  }

  /** Lists the items where the watch has been silent for too long. */
  void look() throws InterruptedException {
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
   * @throws KubernetesClientException where the cluster cannot be asked
   */
  boolean list() {
    KubernetesResourceList<T> list = items.list();
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

  void close() {
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
