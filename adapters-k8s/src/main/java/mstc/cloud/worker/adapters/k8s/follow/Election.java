package mstc.cloud.worker.adapters.k8s.follow;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpecBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Objects;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica's part in electing the leader: takes the Lease when it is free, renews it while it
 * leads, and gives it back when it is closed. All of it happens on one thread, one call after the
 * other, so no call begins while another may be succeeding, and the leadership ends before anything
 * else is tried.
 *
 * <p>A leader that cannot renew stops by its own clock, before the others may take the Lease by
 * theirs. Their clocks must not be further apart than the seconds between the two.
 */
final class Election implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Election.class);

  /** How far a pause may exceed the interval, in intervals: replicas fall out of step. */
  private static final double JITTER = 1.2;

  /** What is begun while this replica is sure that it leads takes some time. */
  private static final Duration MARGIN = Duration.ofSeconds(2);

  /** Others may note things on the Lease while it is given back. */
  private static final int MOST_CHANGES = 10;

  /** A Lease that is given back must have a duration, too. */
  private static final int SHORTEST_LEASE_SECONDS = 1;

  /**
   * The Lease in the cluster. A call that fails with the client's exception may have succeeded all
   * the same.
   */
  interface SharedLease {
    Optional<Lease> get();

    /** Empty if it already exists. */
    Optional<Lease> create(LeaseSpec spec);

    /** Empty if that is no longer its version, or it is gone. */
    Optional<Lease> replace(Lease version, LeaseSpec spec);
  }

  /** The result of trying for the Lease. */
  private sealed interface Result {}

  /**
   * This replica holds it.
   *
   * @param nanos when it was requested: it counts from then on
   */
  private record Ours(Lease lease, long nanos) implements Result {}

  /** Another replica holds it. */
  private record Others(Lease lease) implements Result {}

  /** It has just changed, or its state is unknown. */
  private record Unknown() implements Result {}

  private final SharedLease shared;
  private final Timer timer;
  private final String identity;
  private final LeaseTiming timing;
  private final DoubleSupplier random;
  private final Runnable onStart;
  private final Runnable onStop;

  private volatile boolean leading;

  /** Since when the Lease counts, by {@link Timer#nanos}. */
  private volatile long takenNanos;

  private volatile boolean resigning;
  private volatile boolean closed;

  /** Whether the Lease was requested, and so may be this replica's. */
  private boolean asked;

  /**
   * @param random from 0 to 1
   * @param onStart called on the election's thread, as is {@code onStop}; the Lease is not renewed
   *     meanwhile
   * @param onStop returns when this replica no longer leads
   */
  Election(
      SharedLease shared,
      Timer timer,
      String identity,
      LeaseTiming timing,
      DoubleSupplier random,
      Runnable onStart,
      Runnable onStop) {
    this.shared = shared;
    this.timer = timer;
    this.identity = identity;
    this.timing = timing;
    this.random = random;
    this.onStart = onStart;
    this.onStop = onStop;
  }

  /** Takes part until it is closed, or its thread is interrupted. */
  @Override
  public void run() {
    try {
      while (!closed) {
        Result result = tryForIt();
        if (result instanceof Ours ours) {
          lead(ours);
        }
        if (!closed) {
          timer.rest(pauseAfter(result));
        }
      }
    } catch (InterruptedException e) {
      LOG.debug("The election ends");
    }
    giveBack();
  }

  private Duration pauseAfter(Result result) {
    long millis = timing.leaseRetry().toMillis();
    Duration pause = Duration.ofMillis(millis + (long) (millis * JITTER * random.getAsDouble()));
    if (!(result instanceof Others others)) {
      return pause;
    }
    Duration left = Duration.between(timer.now(), expiry(others.lease())).plusMillis(1);
    return left.isPositive() && left.compareTo(pause) < 0 ? left : pause;
  }

  /** Leads until the Lease is lost or has to be given back. */
  private void lead(Ours taken) throws InterruptedException {
    if (closed || isOverdue(taken)) {
      return;
    }
    resigning = false;
    takenNanos = taken.nanos();
    leading = true;
    onStart.run();
    try {
      Ours ours = taken;
      while (true) {
        Duration left = timing.leaseRenewal().minusNanos(timer.nanos() - ours.nanos());
        timer.rest(left.compareTo(timing.leaseRetry()) < 0 ? left : timing.leaseRetry());
        if (closed || resigning) {
          return;
        }
        if (isOverdue(ours)) {
          LOG.warn("The Lease was not renewed in time");
          return;
        }
        switch (renewal(ours)) {
          case Ours renewed -> {
            ours = renewed;
            takenNanos = renewed.nanos();
          }
          case Others others -> {
            LOG.warn("The Lease is another's: {}", holder(others.lease()));
            return;
          }
          case Unknown() -> {}
        }
      }
    } finally {
      leading = false;
      onStop.run();
    }
  }

  private boolean isOverdue(Ours ours) {
    return timer.nanos() - ours.nanos() >= timing.leaseRenewal().toNanos();
  }

  private Result renewal(Ours ours) {
    return called(() -> {
      long nanos = timer.nanos();
      Optional<Lease> renewed = shared.replace(ours.lease(), ownedSpec(ours.lease()));
      if (renewed.isPresent()) {
        return new Ours(renewed.get(), nanos);
      }
      // Someone noted something on it, took it or removed it.
      if (isOverdue(ours)) {
        return new Unknown();
      }
      Optional<Lease> found = shared.get();
      // During another call it would lead without knowing whether it may.
      return isOverdue(ours) ? new Unknown() : take(found);
    });
  }

  private Result tryForIt() {
    return called(() -> take(shared.get()));
  }

  private Result take(Optional<Lease> found) {
    if (found.isPresent() && !isMine(found.get()) && !isFree(found.get())) {
      LOG.debug("leader={}", holder(found.get()));
      return new Others(found.get());
    }
    long nanos = timer.nanos();
    asked = true;
    Optional<Lease> taken =
        found.isPresent()
            ? shared.replace(found.get(), ownedSpec(found.get()))
            : shared.create(ownedSpec(time(), 0));
    return taken.<Result>map(lease -> new Ours(lease, nanos)).orElseGet(Unknown::new);
  }

  /** A call that fails leaves the result unknown. */
  private static Result called(Supplier<Result> calls) {
    try {
      return calls.get();
    } catch (KubernetesClientException e) {
      LOG.warn("The Lease was not reached: {}", ApiErrors.message(e));
    } catch (RuntimeException e) {
      LOG.error("The Lease was not reached", e);
    }
    return new Unknown();
  }

  /** So that another replica need not wait until it expires. */
  private void giveBack() {
    if (!asked) {
      return;
    }
    try {
      for (int change = 0; change < MOST_CHANGES; change++) {
        Optional<Lease> found = shared.get().filter(this::isMine);
        if (found.isEmpty()) {
          return;
        }
        ZonedDateTime now = time();
        LeaseSpec free = spec("", SHORTEST_LEASE_SECONDS, now, now, transitions(found.get()));
        if (shared.replace(found.get(), free).isPresent()) {
          return;
        }
        // Someone has just noted something on it.
      }
      LOG.warn("The Lease changes all the time, and is not given back");
    } catch (KubernetesClientException e) {
      LOG.warn("The Lease was not given back: {}", ApiErrors.message(e));
    } catch (RuntimeException e) {
      LOG.error("The Lease was not given back", e);
    }
  }

  private LeaseSpec ownedSpec(Lease before) {
    ZonedDateTime now = time();
    ZonedDateTime since = spec(before).getAcquireTime();
    return isMine(before) && since != null
        ? spec(identity, leaseSeconds(), since, now, transitions(before))
        : ownedSpec(now, transitions(before) + 1);
  }

  private LeaseSpec ownedSpec(ZonedDateTime now, int transitions) {
    return spec(identity, leaseSeconds(), now, now, transitions);
  }

  private ZonedDateTime time() {
    return ZonedDateTime.ofInstant(timer.now(), ZoneOffset.UTC);
  }

  private int leaseSeconds() {
    return (int) timing.lease().toSeconds();
  }

  private static LeaseSpec spec(
      String holder, int seconds, ZonedDateTime acquired, ZonedDateTime renewed, int transitions) {
    return new LeaseSpecBuilder()
        .withHolderIdentity(holder)
        .withLeaseDurationSeconds(seconds)
        .withAcquireTime(acquired)
        .withRenewTime(renewed)
        .withLeaseTransitions(transitions)
        .build();
  }

  private static LeaseSpec spec(Lease lease) {
    return Objects.requireNonNullElseGet(lease.getSpec(), LeaseSpec::new);
  }

  private static int transitions(Lease lease) {
    return Objects.requireNonNullElse(spec(lease).getLeaseTransitions(), 0);
  }

  private boolean isMine(Lease lease) {
    return identity.equals(holder(lease));
  }

  private boolean isFree(Lease lease) {
    return !isHeld(holder(lease)) || !expiry(lease).isAfter(timer.now());
  }

  private static boolean isHeld(@Nullable String holder) {
    return holder != null && !holder.isEmpty();
  }

  private static @Nullable String holder(Lease lease) {
    return spec(lease).getHolderIdentity();
  }

  /** When its holder no longer holds it; long ago if it does not say. */
  private static Instant expiry(Lease lease) {
    ZonedDateTime renewed = spec(lease).getRenewTime();
    return renewed == null
        ? Instant.EPOCH
        : renewed
            .toInstant()
            .plusSeconds(Objects.requireNonNullElse(spec(lease).getLeaseDurationSeconds(), 0));
  }

  /** Called with what a watch sees of the Lease, late or twice; it is read again if it matters. */
  void seen(Lease lease) {
    boolean isTakenAway = leading && !isMine(lease);
    if (!isHeld(holder(lease)) || isTakenAway) {
      timer.wake();
    }
  }

  /**
   * Whether no other replica can be leading: this one has renewed the Lease in time, and has not
   * stalled since.
   */
  boolean isSure() {
    return leading && timer.nanos() - takenNanos < timing.lease().minus(MARGIN).toNanos();
  }

  /** Stops leading, although the Lease is held, and tries again after a while. */
  void resign() {
    resigning = true;
    timer.wake();
  }

  /** Takes no further part. Returns at once. */
  void close() {
    closed = true;
    timer.wake();
  }
}
