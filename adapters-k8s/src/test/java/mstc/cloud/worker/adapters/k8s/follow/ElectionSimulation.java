package mstc.cloud.worker.adapters.k8s.follow;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;

/**
 * Replicas that elect a leader over one Lease, in a time of its own. Of all threads one runs at a
 * time, and each stops at every call and at every rest; what comes next is drawn by a seed. So a
 * history of minutes takes milliseconds, and the same seed plays the same one again.
 */
final class ElectionSimulation {
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(3);
  private static final Instant BEGIN = Instant.parse("2026-11-23T10:00:00Z");

  private final Random random;
  private final LeaseTiming timing;
  private final PriorityQueue<Happening> happenings =
      new PriorityQueue<>(
          Comparator.comparingLong(Happening::nanos).thenComparingLong(Happening::number));
  private final Semaphore turn = new Semaphore(0);
  private final List<Replica> replicas = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();
  private final List<String> history = new ArrayList<>();

  private long nanos;
  private long number;
  private int version;
  private Optional<Lease> lease = Optional.empty();
  private int leaderships;
  private int calls;

  /** Something that happens at a time. */
  private record Happening(long nanos, long number, Runnable what) {}

  ElectionSimulation(long seed, LeaseTiming timing) {
    this.random = new Random(seed);
    this.timing = timing;
  }

  Random random() {
    return random;
  }

  Optional<Lease> lease() {
    return lease;
  }

  /** What was wrong at any time. */
  List<String> violations() {
    return violations;
  }

  List<String> history() {
    return history;
  }

  int leaderships() {
    return leaderships;
  }

  int calls() {
    return calls;
  }

  Duration now() {
    return Duration.ofNanos(nanos);
  }

  List<Replica> leaders() {
    return replicas.stream().filter(replica -> replica.leads).toList();
  }

  List<Replica> replicas() {
    return List.copyOf(replicas);
  }

  void after(Duration delay, Runnable what) {
    happenings.add(new Happening(nanos + Math.max(0, delay.toNanos()), number++, what));
  }

  private Duration upTo(long millis) {
    return Duration.ofNanos((long) (random.nextDouble() * millis * 1_000_000));
  }

  /** Plays on for that long. */
  void play(Duration length) {
    long end = nanos + length.toNanos();
    while (!happenings.isEmpty() && happenings.peek().nanos() <= end) {
      Happening next = happenings.poll();
      if (next.nanos() > nanos) {
        check();
        nanos = next.nanos();
      }
      next.what().run();
    }
    check();
    nanos = end;
  }

  /** Who stands still has led until it can look at the time again. */
  private void check() {
    List<Replica> leading =
        replicas.stream().filter(replica -> replica.leads && !replica.standsStill()).toList();
    if (leading.size() > 1) {
      violation("two lead: " + leading);
    }
    for (Replica leader : leading) {
      Optional<String> holder = lease.map(held -> held.getSpec().getHolderIdentity());
      if (holder.filter(name -> !name.isEmpty() && !name.equals(leader.name)).isPresent()) {
        violation(leader + " leads, and the Lease is " + holder.get() + "'s");
      }
    }
  }

  private void violation(String what) {
    violations.add("%.3f s: %s".formatted(nanos / 1e9, what));
  }

  private void note(String what) {
    history.add("%.3f s: %s".formatted(nanos / 1e9, what));
  }

  Replica open(String name) {
    return open(name, () -> {});
  }

  Replica open(String name, Runnable onStart) {
    Replica replica = new Replica(name, onStart);
    replicas.add(replica);
    after(Duration.ZERO, replica::go);
    return replica;
  }

  // The API server.

  private Lease changed(LeaseSpec spec) {
    Lease changed =
        new LeaseBuilder()
            .withNewMetadata()
            .withName("lease")
            .withResourceVersion(Integer.toString(++version))
            .endMetadata()
            .withSpec(spec)
            .build();
    lease = Optional.of(changed);
    note("the Lease is '%s'".formatted(spec.getHolderIdentity()));
    replicas.forEach(replica -> after(upTo(80), replica::watch));
    return changed;
  }

  /** Someone notes something on it. */
  void touchLease() {
    lease.ifPresent(held -> changed(held.getSpec()));
  }

  /** Someone puts that in its place. */
  void putLease(LeaseSpec spec) {
    changed(spec);
  }

  void deleteLease() {
    lease = Optional.empty();
  }

  private Optional<Lease> create(LeaseSpec spec) {
    return lease.isPresent() ? Optional.empty() : Optional.of(changed(spec));
  }

  private Optional<Lease> replace(Lease known, LeaseSpec spec) {
    return lease
        .filter(held ->
            held.getMetadata()
                .getResourceVersion()
                .equals(known.getMetadata().getResourceVersion()))
        .map(held -> changed(spec));
  }

  /** A worker, and its way to the API server. */
  final class Replica implements Election.SharedLease, Timer {
    private final String name;
    private final Duration clockError;
    private final Election election;
    private final Semaphore mayRun = new Semaphore(0);
    private final Thread thread;
    private boolean begun;
    private boolean ended;
    private boolean leads;
    private boolean resting;
    private boolean woken;
    private long step;
    private long cutUntil;
    private long stillUntil;
    private double lossy;
    private Duration delay = Duration.ofMillis(20);

    private Replica(String name, Runnable onStart) {
      this.name = name;
      this.clockError = upTo(1000).minusMillis(500);
      this.election =
          new Election(
              this,
              this,
              name,
              timing,
              random::nextDouble,
              () -> {
                if (leads) {
                  violation(name + " begins twice");
                }
                leads = true;
                leaderships++;
                note(name + " leads");
                onStart.run();
              },
              () -> {
                if (!leads) {
                  violation(name + " ends twice");
                }
                leads = false;
                note(name + " leads no longer");
              });
      this.thread =
          Thread.ofVirtual()
              .unstarted(() -> {
                mayRun.acquireUninterruptibly();
                try {
                  election.run();
                } finally {
                  ended = true;
                  turn.release();
                }
              });
    }

    @Override
    public String toString() {
      return name;
    }

    boolean leads() {
      return leads;
    }

    boolean ended() {
      return ended;
    }

    Election election() {
      return election;
    }

    private boolean standsStill() {
      return nanos < stillUntil;
    }

    private boolean isCut() {
      return nanos < cutUntil;
    }

    /** Stands still for that long, as a process that is stopped. */
    void standStill(Duration length) {
      note(name + " stands still for " + length);
      stillUntil = Math.max(stillUntil, nanos + length.toNanos());
    }

    /** Reaches nothing for that long. */
    void cutOff(Duration length) {
      note(name + " is cut off for " + length);
      cutUntil = Math.max(cutUntil, nanos + length.toNanos());
      after(length, this::watch);
    }

    /**
     * @param share of its requests, and of their responses, that are lost
     * @param most time that each of them takes
     */
    void hinder(double share, Duration most) {
      lossy = share;
      delay = most;
    }

    void close() {
      note(name + " is closed");
      election.close();
    }

    /** Its watch sees the Lease as it is now. */
    private void watch() {
      if (ended || isCut()) {
        return;
      }
      if (standsStill()) {
        after(Duration.ofNanos(stillUntil - nanos), this::watch);
        return;
      }
      lease.ifPresent(election::seen);
    }

    /** Runs to its next call or rest. */
    private void go() {
      if (standsStill()) {
        after(Duration.ofNanos(stillUntil - nanos), this::go);
        return;
      }
      if (!begun) {
        begun = true;
        thread.start();
      }
      mayRun.release();
      turn.acquireUninterruptibly();
    }

    private void stop() {
      turn.release();
      mayRun.acquireUninterruptibly();
    }

    @Override
    public Instant now() {
      return BEGIN.plusNanos(nanos).plus(clockError);
    }

    @Override
    public long nanos() {
      return nanos;
    }

    @Override
    public void rest(Duration atMost) {
      if (!woken) {
        resting = true;
        long mine = ++step;
        after(atMost, () -> endRest(mine));
        stop();
      }
      woken = false;
    }

    private void endRest(long of) {
      if (resting && step == of) {
        resting = false;
        go();
      }
    }

    @Override
    public void wake() {
      woken = true;
      long mine = step;
      after(Duration.ZERO, () -> endRest(mine));
    }

    @Override
    public Optional<Lease> get() {
      return call(() -> lease);
    }

    @Override
    public Optional<Lease> create(LeaseSpec spec) {
      return call(() -> ElectionSimulation.this.create(spec));
    }

    @Override
    public Optional<Lease> replace(Lease known, LeaseSpec spec) {
      return call(() -> ElectionSimulation.this.replace(known, spec));
    }

    /** One that is lost on its way may be lost there or back, and may arrive when it is late. */
    private Optional<Lease> call(Supplier<Optional<Lease>> done) {
      calls++;
      long mine = ++step;
      Response response = new Response();
      if (!isCut() && random.nextDouble() >= lossy) {
        Duration there = random.nextDouble() < lossy ? upTo(12_000) : upTo(delay.toMillis());
        after(
            there,
            () -> {
              Optional<Lease> result = done.get();
              if (random.nextDouble() >= lossy) {
                after(
                    upTo(delay.toMillis()),
                    () -> {
                      if (!isCut()) {
                        end(mine, response, Optional.of(result));
                      }
                    });
              }
            });
      }
      after(CALL_TIMEOUT, () -> end(mine, response, Optional.empty()));
      stop();
      return response.lease.orElseThrow(() -> new KubernetesClientException("timed out"));
    }

    private void end(long of, Response response, Optional<Optional<Lease>> result) {
      if (step == of && !response.given) {
        response.given = true;
        response.lease = result;
        go();
      }
    }
  }

  /** Of a call; none where it timed out. */
  private static final class Response {
    private boolean given;
    private Optional<Optional<Lease>> lease = Optional.empty();
  }
}
