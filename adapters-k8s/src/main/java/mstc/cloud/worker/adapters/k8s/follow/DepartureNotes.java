package mstc.cloud.worker.adapters.k8s.follow;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a leader that stops and the replicas that may follow it tell each other, on the Lease. The
 * leader announces that it stops, and which long logs it reads; the others open these, and confirm
 * it; only then does it stop reading. So each byte that is rotated away meanwhile was read by it or
 * is in a stream of theirs.
 */
final class DepartureNotes {
  private static final Logger LOG = LoggerFactory.getLogger(DepartureNotes.class);

  /** The replica that leaves, and the pods whose logs may be rotated meanwhile. */
  static final String ANNOUNCED = "mstc/handing-over";

  /** The replica that leaves, then those that have opened its logs. */
  static final String ATTACHED = "mstc/attached";

  /** Precedes a replica that is about to open them. */
  private static final String ATTACHING = "?";

  /** How long the others may take to be heard of. */
  private static final Duration PRESENCE = Duration.ofSeconds(1);

  private static final int MAX_CONFLICTS = 20;

  private final LeaseNotes notes;
  private final String identity;
  private final Executor executor;
  private final Consumer<Set<String>> attach;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private Optional<Lease> newest = Optional.empty();

  @GuardedBy("lock")
  private String attachedFor = "";

  /**
   * @param attach opens logs that another replica reads, by their pods' uids; called once for each
   *     replica that stops, may block
   */
  public DepartureNotes(
      LeaseNotes notes, String identity, Executor executor, Consumer<Set<String>> attach) {
    this.notes = notes;
    this.identity = identity;
    this.executor = executor;
    this.attach = attach;
  }

  /** The Lease has changed. Returns at once. */
  public void onLease(Lease lease) {
    String[] announced = LeaseNotes.read(lease, ANNOUNCED).orElse("").split(" ");
    String leaving = announced[0];
    boolean toAttach;
    lock.lock();
    try {
      newest = Optional.of(lease);
      toAttach =
          !leaving.isEmpty()
              && !leaving.equals(identity)
              && leaving.equals(lease.getSpec().getHolderIdentity())
              && !leaving.equals(attachedFor);
      if (toAttach) {
        attachedFor = leaving;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (toAttach) {
      Set<String> pods = Arrays.stream(announced).skip(1).collect(Collectors.toSet());
      executor.execute(() -> attachTo(leaving, pods));
    }
  }

  private void attachTo(String leaving, Set<String> pods) {
    try {
      note(leaving, ATTACHING + identity);
      attach.accept(pods);
      note(leaving, identity);
    } catch (KubernetesClientException e) {
      LOG.debug("It is not told that the logs are opened: {}", ApiErrors.message(e));
    }
  }

  /** Adds to what the others have noted for the replica that leaves. */
  private void note(String leaving, String word) {
    for (int conflict = 0; conflict < MAX_CONFLICTS; conflict++) {
      Optional<Lease> lease =
          notes.lease().filter(found -> leaving.equals(found.getSpec().getHolderIdentity()));
      if (lease.isEmpty()) {
        return;
      }
      Set<String> noted = noted(lease.get(), leaving);
      noted.remove(ATTACHING + word);
      noted.add(word);
      String text = leaving + " " + String.join(" ", noted);
      if (notes.write(
          Optional.of(lease.get().getMetadata().getResourceVersion()), ATTACHED, text)) {
        return;
      }
    }
  }

  /**
   * Announces that this replica, which leads, will stop. Waits until another has opened the logs of
   * these pods, but no longer than that. If there is no other, it waits a second.
   */
  public void announce(Set<String> pods, Duration patience) throws InterruptedException {
    try {
      if (!notes.write(Optional.empty(), ANNOUNCED, identity + " " + String.join(" ", pods))) {
        return;
      }
    } catch (KubernetesClientException e) {
      LOG.debug("The end of this leader is not announced: {}", ApiErrors.message(e));
      return;
    }
    await(PRESENCE, noted -> !noted.isEmpty());
    await(patience, noted -> noted.isEmpty() || hasAttached(noted));
  }

  private void await(Duration atMost, Predicate<Set<String>> enough) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = atMost.toNanos();
      while (!enough.test(noted()) && left > 0) {
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private Set<String> noted() {
    return newest.map(lease -> noted(lease, identity)).orElseGet(Set::of);
  }

  private static Set<String> noted(Lease lease, String leaving) {
    String[] words = LeaseNotes.read(lease, ATTACHED).orElse("").split(" ");
    return words[0].equals(leaving)
        ? Arrays.stream(words).skip(1).collect(Collectors.toCollection(LinkedHashSet::new))
        : new LinkedHashSet<>();
  }

  private static boolean hasAttached(Set<String> noted) {
    return noted.stream().anyMatch(word -> !word.startsWith(ATTACHING));
  }
}
