package mstc.cloud.worker.adapters.k8s;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.job.UniqueName;

/**
 * Creates whose answer was lost: whoever repeats one does so under the same attempt, and knows the
 * Job as its own if it is there. The oldest are forgotten, as not every caller comes back.
 */
final class UnsettledAttempts {
  private static final int MAX = 10_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final LinkedHashMap<UniqueName, ArrayDeque<String>> attempts = new LinkedHashMap<>();

  void put(UniqueName name, String attempt) {
    lock.lock();
    try {
      attempts.computeIfAbsent(name, first -> new ArrayDeque<>()).add(attempt);
      if (attempts.size() > MAX) {
        attempts.pollFirstEntry();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether that was one of them; it is none any more. */
  boolean settle(UniqueName name, String attempt) {
    lock.lock();
    try {
      ArrayDeque<String> ofName = attempts.get(name);
      if (ofName == null || !ofName.remove(attempt)) {
        return false;
      }
      if (ofName.isEmpty()) {
        attempts.remove(name);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  Optional<String> take(UniqueName name) {
    lock.lock();
    try {
      ArrayDeque<String> ofName = attempts.get(name);
      if (ofName == null) {
        return Optional.empty();
      }
      String attempt = ofName.remove();
      if (ofName.isEmpty()) {
        attempts.remove(name);
      }
      return Optional.of(attempt);
    } finally {
      lock.unlock();
    }
  }
}
