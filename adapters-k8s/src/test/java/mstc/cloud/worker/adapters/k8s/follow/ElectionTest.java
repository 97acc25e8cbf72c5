package mstc.cloud.worker.adapters.k8s.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpecBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings.Timing;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;
import mstc.cloud.worker.adapters.k8s.follow.ElectionSimulation.Replica;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Replicas that elect a leader, with a cluster and a time that do as they are told. */
@Execution(ExecutionMode.CONCURRENT)
class ElectionTest {
  private static final Logger LOG = LoggerFactory.getLogger(ElectionTest.class);

  private static final Timing TIMING = Timing.DEFAULT;
  private static final int SEEDS = 200;

  private final ElectionSimulation simulation = new ElectionSimulation(1, TIMING);

  private Replica leader(String name) {
    Replica replica = simulation.open(name);
    simulation.play(Duration.ofSeconds(1));
    assertThat(replica.leads()).isTrue();
    return replica;
  }

  private String holder() {
    return simulation.lease().map(Lease::getSpec).orElseThrow().getHolderIdentity();
  }

  @Test
  void whoComesFirstLeadsAndTheOthersWait() {
    // given
    Replica first = leader("first");
    Replica second = simulation.open("second");

    // when
    simulation.play(Duration.ofMinutes(5));

    // then
    assertThat(simulation.leaders()).containsExactly(first);
    assertThat(second.leads()).isFalse();
    assertThat(simulation.leaderships()).isEqualTo(1);
    assertThat(simulation.violations()).isEmpty();
  }

  @Test
  void aLeaseThatIsGivenBackIsTakenAtOnce() {
    // given
    Replica first = leader("first");
    Replica second = simulation.open("second");
    simulation.play(Duration.ofSeconds(30));

    // when
    first.close();
    simulation.play(Duration.ofMillis(500));

    // then
    assertThat(first.ended()).isTrue();
    assertThat(second.leads()).isTrue();
    assertThat(holder()).isEqualTo("second");
  }

  /** What made a replica lead twice in a second, and end in between. */
  @Test
  void aLeaseThatIsSeenToBeFreeWhileItIsBeingTakenIsTakenOnce() {
    for (int millis = 0; millis < 200; millis++) {
      // given
      ElectionSimulation histories = new ElectionSimulation(millis, TIMING);
      Replica first = histories.open("first");
      histories.play(Duration.ofSeconds(1));
      Replica second = histories.open("second");
      histories.play(Duration.ofSeconds(10).plusMillis(millis * 10L));

      // when
      first.close();
      histories.play(Duration.ofMinutes(1));

      // then
      assertThat(histories.leaders()).containsExactly(second);
      assertThat(histories.leaderships()).isEqualTo(2);
      assertThat(histories.violations()).isEmpty();
    }
  }

  @Test
  void aLeaderThatIsCutOffStopsBeforeTheLeaseIsAnothers() {
    // given
    Replica first = leader("first");
    Replica second = simulation.open("second");
    simulation.play(Duration.ofSeconds(10));

    // when
    first.cutOff(Duration.ofMinutes(1));
    simulation.play(TIMING.lease().minusSeconds(2));
    boolean stopped = !first.leads();
    boolean waited = !second.leads();
    simulation.play(Duration.ofSeconds(10));

    // then
    assertThat(stopped).isTrue();
    assertThat(waited).isTrue();
    assertThat(simulation.leaders()).containsExactly(second);
    assertThat(simulation.violations()).isEmpty();
  }

  @Test
  void aLeaderThatIsCutOffForAMomentGoesOn() {
    // given
    Replica first = leader("first");
    simulation.open("second");
    simulation.play(Duration.ofSeconds(10));

    // when
    first.cutOff(Duration.ofSeconds(2));
    simulation.play(Duration.ofMinutes(1));

    // then
    assertThat(simulation.leaders()).containsExactly(first);
    assertThat(simulation.leaderships()).isEqualTo(1);
  }

  @Test
  void aLeaderThatStoodStillDoesNotLeadBesideAnother() {
    // given
    Replica first = leader("first");
    Replica second = simulation.open("second");
    simulation.play(Duration.ofSeconds(10));

    // when
    first.standStill(Duration.ofSeconds(40));
    simulation.play(Duration.ofMinutes(2));

    // then
    assertThat(simulation.leaders()).containsExactly(second);
    assertThat(first.leads()).isFalse();
    assertThat(simulation.violations()).isEmpty();
  }

  @Test
  void whoStandsStillWhileItTakesTheLeaseDoesNotBeginOnAnOldResponse() {
    for (int seed = 0; seed < 100; seed++) {
      // given
      ElectionSimulation histories = new ElectionSimulation(seed, TIMING);
      Replica first = histories.open("first");
      histories.play(Duration.ofMillis(histories.random().nextInt(60)));
      first.standStill(Duration.ofSeconds(40));
      Replica second = histories.open("second");

      // when
      histories.play(Duration.ofMinutes(2));

      // then
      assertThat(histories.leaders()).containsExactly(second);
      assertThat(histories.violations()).isEmpty();
    }
  }

  @Test
  void whatOthersNoteOnTheLeaseEndsNoLeadership() {
    // given
    leader("first");

    // when
    for (int i = 0; i < 300; i++) {
      simulation.play(Duration.ofMillis(simulation.random().nextInt(300)));
      simulation.touchLease();
    }

    // then
    assertThat(simulation.leaderships()).isEqualTo(1);
    assertThat(simulation.leaders()).hasSize(1);
  }

  @Test
  void aLeaseThatIsDeletedIsMadeAnewByItsHolder() {
    // given
    Replica first = leader("first");

    // when
    simulation.deleteLease();
    simulation.play(Duration.ofMinutes(1));

    // then
    assertThat(simulation.leaders()).containsExactly(first);
    assertThat(simulation.leaderships()).isEqualTo(1);
    assertThat(holder()).isEqualTo("first");
  }

  @Test
  void whoIsClosedWhileItTakesTheLeaseGivesItBack() {
    for (int seed = 0; seed < 200; seed++) {
      // given
      ElectionSimulation histories = new ElectionSimulation(seed, TIMING);
      Replica first = histories.open("first");
      histories.play(Duration.ofMillis(histories.random().nextInt(100)));

      // when
      first.close();
      histories.play(Duration.ofSeconds(1));

      // then
      assertThat(first.ended()).isTrue();
      assertThat(first.leads()).isFalse();
      assertThat(histories.lease().map(lease -> lease.getSpec().getHolderIdentity()).orElse(""))
          .isEmpty();
    }
  }

  @Test
  void whoResignsLeadsNoLongerAndTriesAgain() {
    // given
    Replica first = leader("first");

    // when
    first.election().resign();
    simulation.play(Duration.ofMillis(100));
    boolean resigned = !first.leads();
    simulation.play(Duration.ofSeconds(5));

    // then
    assertThat(resigned).isTrue();
    assertThat(first.leads()).isTrue();
    assertThat(simulation.leaderships()).isEqualTo(2);
  }

  @Test
  void whoHasNotRenewedTheLeaseForLongIsNotSureThatItLeads() {
    // given
    Replica first = simulation.open("first");
    boolean before = first.election().isSure();
    simulation.play(Duration.ofSeconds(1));
    boolean leading = first.election().isSure();

    // when
    first.standStill(Duration.ofSeconds(40));
    simulation.play(TIMING.lease());
    boolean stood = first.election().isSure();
    first.close();
    simulation.play(Duration.ofMinutes(1));

    // then
    assertThat(before).isFalse();
    assertThat(leading).isTrue();
    assertThat(first.leads()).isFalse();
    assertThat(stood).isFalse();
    assertThat(first.election().isSure()).isFalse();
  }

  @Test
  void aLeaseThatSaysNothingIsFree() {
    // given
    simulation.putLease(new LeaseSpec());

    // when
    Replica first = leader("first");

    // then
    assertThat(holder()).isEqualTo("first");
    assertThat(simulation.leaders()).containsExactly(first);
  }

  @Test
  void aLeaseOfAnotherThatDoesNotSayUntilWhenIsFree() {
    // given
    simulation.putLease(new LeaseSpecBuilder().withHolderIdentity("another").build());

    // when
    Replica first = leader("first");

    // then
    assertThat(simulation.leaders()).containsExactly(first);
  }

  @Test
  void whoIsTheHolderAndDoesNotSaySinceWhenTakesTheLeaseAnew() {
    // given
    simulation.putLease(new LeaseSpecBuilder().withHolderIdentity("first").build());

    // when
    leader("first");

    // then
    LeaseSpec spec = simulation.lease().map(Lease::getSpec).orElseThrow();
    assertThat(spec.getAcquireTime()).isNotNull();
    assertThat(spec.getLeaseTransitions()).isEqualTo(1);
  }

  // What nobody expects.

  /** A Lease that changes, or cannot be read, whenever it is looked at; time does not pass. */
  private static final class UnrulyLease implements Election.SharedLease, Timer {
    private final Supplier<Lease> found;
    private int looks;
    private int rests;

    UnrulyLease(Supplier<Lease> found) {
      this.found = found;
    }

    Election election() {
      return new Election(
          this,
          this,
          "me",
          TIMING,
          () -> 0,
          () -> {
            throw new AssertionError("nobody leads");
          },
          () -> {
            throw new AssertionError("nobody led");
          });
    }

    @Override
    public Optional<Lease> get() {
      looks++;
      return Optional.of(found.get());
    }

    @Override
    public Optional<Lease> create(LeaseSpec spec) {
      throw new AssertionError("there is one");
    }

    @Override
    public Optional<Lease> replace(Lease version, LeaseSpec spec) {
      return Optional.empty();
    }

    @Override
    public Instant now() {
      return Instant.EPOCH;
    }

    @Override
    public long nanos() {
      return 0;
    }

    @Override
    public void rest(Duration atMost) throws InterruptedException {
      rests++;
      if (rests == 3) {
        throw new InterruptedException("the worker ends");
      }
    }

    @Override
    public void wake() {
      throw new AssertionError("nobody wakes it");
    }
  }

  private static Lease mine() {
    return new LeaseBuilder()
        .withNewMetadata()
        .endMetadata()
        .withNewSpec()
        .withHolderIdentity("me")
        .endSpec()
        .build();
  }

  @Test
  void anElectionOutlivesAnyErrorAndEndsWhenItIsInterrupted() {
    // given
    UnrulyLease lease =
        new UnrulyLease(() -> {
          throw new IllegalStateException("broken");
        });

    // when
    lease.election().run();

    // then
    assertThat(lease.looks).isEqualTo(3);
  }

  @Test
  void aLeaseThatChangesAllTheTimeIsLeftAfterTenAttemptsToGiveItBack() {
    // given
    UnrulyLease lease = new UnrulyLease(ElectionTest::mine);

    // when
    lease.election().run();

    // then
    assertThat(lease.looks).isEqualTo(3 + 10);
  }

  @Test
  void aLeaseThatCannotBeGivenBackIsLeft() {
    // given
    AtomicInteger looks = new AtomicInteger();
    UnrulyLease lease =
        new UnrulyLease(() -> {
          if (looks.incrementAndGet() > 3) {
            throw new IllegalStateException("broken");
          }
          return mine();
        });

    // when
    lease.election().run();

    // then
    assertThat(lease.looks).isEqualTo(4);
  }

  // Histories at random.

  private static ElectionSimulation random(long seed, Timing timing) {
    ElectionSimulation histories = new ElectionSimulation(seed, timing);
    Random random = histories.random();
    int opened = 0;
    while (opened < 3) {
      histories.open("replica-" + opened++);
    }
    while (histories.now().compareTo(Duration.ofMinutes(3)) < 0) {
      histories.play(Duration.ofMillis(random.nextInt(6000)));
      Replica any = histories.replicas().get(random.nextInt(histories.replicas().size()));
      Replica leader =
          random.nextBoolean() && !histories.leaders().isEmpty()
              ? histories.leaders().getFirst()
              : any;
      switch (random.nextInt(6)) {
        case 0 -> leader.cutOff(Duration.ofMillis(random.nextInt(25_000)));
        case 1 -> leader.standStill(Duration.ofMillis(random.nextInt(25_000)));
        case 2 -> leader.hinder(random.nextDouble() / 2, Duration.ofMillis(random.nextInt(2_500)));
        case 3 -> any.hinder(0, Duration.ofMillis(20));
        case 4 -> histories.touchLease();
        default -> {
          leader.close();
          histories.open("replica-" + opened++);
        }
      }
    }
    histories.replicas().forEach(replica -> replica.hinder(0, Duration.ofMillis(20)));
    return histories;
  }

  @Test
  void whateverHappensOneLeadsAtATimeAndInTheEndOneDoes() {
    // given
    int leaderships = 0;
    int calls = 0;

    for (long seed = 0; seed < SEEDS; seed++) {
      // when
      ElectionSimulation histories = random(seed, TIMING);
      histories.play(Duration.ofMinutes(1));
      int before = histories.leaderships();
      histories.play(Duration.ofMinutes(1));
      int after = histories.leaderships();
      boolean oneLeads = histories.leaders().size() == 1;
      Replica last = histories.leaders().isEmpty() ? null : histories.leaders().getFirst();
      if (last != null) {
        last.close();
        histories.play(Duration.ofMillis(900));
      }

      // then
      assertThat(histories.violations()).as("seed %d: %s", seed, histories.history()).isEmpty();
      assertThat(oneLeads).as("seed %d: %s", seed, histories.history()).isTrue();
      assertThat(after).as("seed %d: %s", seed, histories.history()).isEqualTo(before);
      assertThat(histories.leaders())
          .as("seed %d: %s", seed, histories.history())
          .hasSize(1)
          .doesNotContain(last);
      leaderships += histories.leaderships();
      calls += histories.calls();
    }
    LOG.info("{} histories: {} leaderships, {} calls", SEEDS, leaderships, calls);
    assertThat(leaderships).isGreaterThan(3 * SEEDS);
  }

  @Test
  void leadersThatGoOnForTooLongAreCaught() {
    // given
    Timing tooLong =
        new Timing(
            TIMING.lease(), TIMING.lease().multipliedBy(2), TIMING.leaseRetry(), TIMING.relist());

    // when
    long caught =
        LongStream.range(0, 50)
            .filter(seed -> !random(seed, tooLong).violations().isEmpty())
            .count();

    // then
    assertThat(caught).isPositive();
  }
}
