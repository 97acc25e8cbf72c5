package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a leader that stops and those that wait for its place tell each other, on the Lease: it
 * announces its end; they open the logs that it reads, and say so; only then it stops reading. So
 * whatever is rotated away meanwhile, each byte was read by it or is in a stream of theirs.
 */
final class Handover {
  private static final Logger LOG = LoggerFactory.getLogger(Handover.class);

  /** Who hands over. */
  static final String ANNOUNCED = "mstc/handing-over";

  /** Whom it hands over to: the one who hands over, then who has opened its logs. */
  static final String ATTACHED = "mstc/attached";

  /** Before who has not opened them yet, and is about to. */
  private static final String ATTACHING = "?";

  /** For how long the others may take to be heard of. */
  private static final Duration PRESENCE = Duration.ofSeconds(1);

  private static final int MAX_CONFLICTS = 20;

  private final KubernetesClient client;
  private final String namespace;
  private final String leaseName;
  private final String identity;
  private final Executor executor;
  private final Runnable attach;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private Optional<Lease> newest = Optional.empty();
  private String attachedFor = "";

  /**
   * @param attach opens the logs that another replica reads; called once for each that stops, may
   *     block
   */
  Handover(
      KubernetesClient client, KubernetesSettings settings, Executor executor, Runnable attach) {
    this.client = client;
    this.namespace = settings.namespace();
    this.leaseName = settings.leaseName();
    this.identity = settings.identity();
    this.executor = executor;
    this.attach = attach;
  }

  /** The Lease has changed. Returns at once. */
  void onLease(Lease lease) {
    String leaving = annotation(lease, ANNOUNCED).orElse("");
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
      executor.execute(() -> attachTo(leaving));
    }
  }

  private void attachTo(String leaving) {
    try {
      note(leaving, ATTACHING + identity);
      attach.run();
      note(leaving, identity);
    } catch (KubernetesClientException e) {
      LOG.debug("It is not told that the logs are opened: {}", ApiErrors.message(e));
    }
  }

  /** Adds to what the others have noted for the one who hands over. */
  private void note(String leaving, String word) {
    for (int conflict = 0; conflict < MAX_CONFLICTS; conflict++) {
      Lease lease = client.leases().inNamespace(namespace).withName(leaseName).get();
      if (lease == null || !leaving.equals(lease.getSpec().getHolderIdentity())) {
        return;
      }
      Set<String> noted = noted(lease, leaving);
      noted.remove(ATTACHING + word);
      noted.add(word);
      String text = leaving + " " + String.join(" ", noted);
      if (annotate(Optional.of(lease.getMetadata().getResourceVersion()), ATTACHED, text)) {
        return;
      }
    }
  }

  /**
   * Announces that this replica, which leads, will stop; waits until another has opened the logs
   * that it reads, or for that long. Where there is no other it waits a second.
   *
   * @return those who have, empty where nobody has
   */
  Set<String> announce(Duration patience) throws InterruptedException {
    try {
      if (!annotate(Optional.empty(), ANNOUNCED, identity)) {
        return Set.of();
      }
    } catch (KubernetesClientException e) {
      LOG.debug("The end of this leader is not announced: {}", ApiErrors.message(e));
      return Set.of();
    }
    var _ = await(PRESENCE, noted -> !noted.isEmpty());
    Set<String> noted = await(patience, all -> all.isEmpty() || !attached(all).isEmpty());
    return attached(noted);
  }

  private Set<String> await(Duration atMost, Predicate<Set<String>> enough)
      throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = atMost.toNanos();
      while (!enough.test(noted()) && left > 0) {
        left = changed.awaitNanos(left);
      }
      return noted();
    } finally {
      lock.unlock();
    }
  }

  private Set<String> noted() {
    return newest.map(lease -> noted(lease, identity)).orElseGet(Set::of);
  }

  private static Set<String> noted(Lease lease, String leaving) {
    String[] words = annotation(lease, ATTACHED).orElse("").split(" ");
    return words[0].equals(leaving)
        ? Arrays.stream(words).skip(1).collect(Collectors.toCollection(LinkedHashSet::new))
        : new LinkedHashSet<>();
  }

  private static Set<String> attached(Set<String> noted) {
    return noted.stream()
        .filter(word -> !word.startsWith(ATTACHING))
        .collect(Collectors.toUnmodifiableSet());
  }

  private static Optional<String> annotation(Lease lease, String name) {
    return Optional.ofNullable(lease.getMetadata().getAnnotations())
        .map(annotations -> annotations.get(name));
  }

  /** False where the Lease has changed since that version, or is gone. */
  private boolean annotate(Optional<String> version, String name, String value) {
    Lease patch =
        new LeaseBuilder()
            .withNewMetadata()
            .withName(leaseName)
            .withNamespace(namespace)
            .withResourceVersion(version.orElse(null))
            .withAnnotations(Map.of(name, value))
            .endMetadata()
            .build();
    try {
      var _ = client.resource(patch).patch(PatchContext.of(PatchType.JSON_MERGE));
      return true;
    } catch (KubernetesClientException e) {
      if (ApiErrors.isConflict(e) || ApiErrors.isNotFound(e)) {
        return false;
      }
      throw e;
    }
  }
}
