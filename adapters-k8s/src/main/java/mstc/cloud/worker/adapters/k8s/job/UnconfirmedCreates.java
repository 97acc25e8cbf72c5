package mstc.cloud.worker.adapters.k8s.job;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.job.UniqueName;

/**
 * Creates whose response was lost: a caller repeats one under the same id, and knows the Job as its
 * own if it exists. The oldest are forgotten, as not every caller comes back.
 */
final class UnconfirmedCreates {
  private static final int MAX = 10_000;

  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final LinkedHashMap<UniqueName, ArrayDeque<String>> idsByName = new LinkedHashMap<>();

  public void put(UniqueName name, String createId) {
    lock.lock();
    try {
      idsByName.computeIfAbsent(name, first -> new ArrayDeque<>()).add(createId);
      if (idsByName.size() > MAX) {
        idsByName.pollFirstEntry();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether that was one of them; it is removed. */
  public boolean confirm(UniqueName name, String createId) {
    lock.lock();
    try {
      ArrayDeque<String> ofName = idsByName.get(name);
      if (ofName == null || !ofName.remove(createId)) {
        return false;
      }
      if (ofName.isEmpty()) {
        idsByName.remove(name);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  public Optional<String> take(UniqueName name) {
    lock.lock();
    try {
      ArrayDeque<String> ofName = idsByName.get(name);
      if (ofName == null) {
        return Optional.empty();
      }
      String createId = ofName.remove();
      if (ofName.isEmpty()) {
        idsByName.remove(name);
      }
      return Optional.of(createId);
    } finally {
      lock.unlock();
    }
  }
}
