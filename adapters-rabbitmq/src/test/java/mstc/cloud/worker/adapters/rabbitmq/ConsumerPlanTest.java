package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import mstc.cloud.worker.adapters.rabbitmq.ConsumerPlan.Consumer;
import mstc.cloud.worker.adapters.rabbitmq.ConsumerPlan.Step;
import org.junit.jupiter.api.Test;

class ConsumerPlanTest {
  private static Consumer<String> consumer(String name, int prefetch, int unacknowledged) {
    return new Consumer<>(name, prefetch, unacknowledged);
  }

  @Test
  void whatIsMissingIsAskedForByOneConsumer() {
    assertThat(ConsumerPlan.next(5, 0, List.of())).isEqualTo(new Step.Begin<>(5));
    assertThat(ConsumerPlan.next(5, 1, List.of(consumer("a", 2, 1))))
        .isEqualTo(new Step.Begin<>(3));
  }

  @Test
  void aPrefetchIsNoLargerThanTheProtocolCanSay() {
    assertThat(ConsumerPlan.next(100_000, 0, List.of())).isEqualTo(new Step.Begin<>(65_535));
  }

  @Test
  void whereTheDemandIsMetNothingIsDone() {
    assertThat(ConsumerPlan.next(0, 0, List.of())).isEqualTo(new Step.Rest<>());
    assertThat(ConsumerPlan.next(5, 2, List.of(consumer("a", 5, 2)))).isEqualTo(new Step.Rest<>());
    // What an earlier consumer of the channel brought is counted where it is in hand.
    assertThat(ConsumerPlan.next(5, 5, List.of(consumer("a", 2, 5)))).isEqualTo(new Step.Rest<>());
  }

  @Test
  void ofThoseThatFreeEnoughTheConsumerEndsThatLeavesLeastToBeginAgain() {
    // given
    List<Consumer<String>> consumers =
        List.of(consumer("wide", 9, 0), consumer("fits", 4, 1), consumer("narrow", 1, 0));

    // then
    assertThat(ConsumerPlan.next(11, 0, consumers)).isEqualTo(new Step.End<>("fits"));
    assertThat(ConsumerPlan.next(10, 0, consumers)).isEqualTo(new Step.End<>("fits"));
    assertThat(ConsumerPlan.next(9, 0, consumers)).isEqualTo(new Step.End<>("wide"));
  }

  @Test
  void whereNoneFreesEnoughTheWidestConsumerEnds() {
    // given
    List<Consumer<String>> consumers =
        List.of(consumer("narrow", 1, 0), consumer("wide", 3, 0), consumer("full", 8, 8));

    // then
    assertThat(ConsumerPlan.next(0, 0, consumers)).isEqualTo(new Step.End<>("wide"));
  }

  @Test
  void aFullConsumerEndsTooAsItWouldBeRefilled() {
    assertThat(ConsumerPlan.next(1, 3, List.of(consumer("full", 3, 3))))
        .isEqualTo(new Step.End<>("full"));
  }

  @Test
  void onceNothingMoreCanComeWhatIsTooMuchGoesBack() {
    assertThat(ConsumerPlan.next(1, 3, List.of())).isEqualTo(new Step.GiveBack<>());
  }

  @Test
  void theSeventeenthConsumerBeginsForTwo() {
    // given
    List<Consumer<Integer>> sixteen =
        IntStream.rangeClosed(1, 16).mapToObj(i -> new Consumer<>(i, i, 0)).toList();

    // then
    assertThat(ConsumerPlan.next(140, 0, sixteen)).isEqualTo(new Step.End<>(16));
    assertThat(ConsumerPlan.next(140, 0, sixteen.subList(0, 15))).isEqualTo(new Step.Begin<>(20));
  }

  /** A broker that brings what it may at any moment, and handlers that are done at any moment. */
  @Test
  void whateverHappensMeanwhileItComesToRestWithWhatIsAskedForAndNoMore() {
    for (long seed = 0; seed < 500; seed++) {
      Random random = new Random(seed);
      Simulation simulation = new Simulation(random);
      for (int change = 0; change < 20; change++) {
        int demand = random.nextInt(40);
        int steps = 0;
        while (simulation.step(demand)) {
          simulation.deliverSome();
          simulation.handleSome();
          assertThat(++steps).as("seed %d", seed).isLessThan(500);
        }
        assertThat(simulation.committed())
            .as("seed %d", seed)
            .isEqualTo(Math.max(demand, simulation.inHand));
      }
    }
  }

  private static final class Simulation {
    final Random random;
    final List<Consumer<Integer>> consumers = new ArrayList<>();
    int inHand;
    int begun;

    Simulation(Random random) {
      this.random = random;
    }

    boolean step(int demand) {
      return switch (ConsumerPlan.next(demand, inHand, consumers)) {
        case Step.Begin<Integer>(int prefetch) -> {
          consumers.add(new Consumer<>(begun++, prefetch, 0));
          yield true;
        }
        case Step.End<Integer>(Integer consumer) -> {
          consumers.removeIf(it -> it.key().equals(consumer));
          yield true;
        }
        case Step.GiveBack<Integer>() -> false;
        case Step.Rest<Integer>() -> false;
      };
    }

    void deliverSome() {
      consumers.replaceAll(it -> {
        int delivered = random.nextInt(it.open() + 1);
        inHand += delivered;
        return new Consumer<>(it.key(), it.prefetch(), it.unacknowledged() + delivered);
      });
    }

    void handleSome() {
      consumers.replaceAll(it -> {
        int handled = random.nextInt(it.unacknowledged() + 1);
        inHand -= handled;
        return new Consumer<>(it.key(), it.prefetch(), it.unacknowledged() - handled);
      });
    }

    int committed() {
      return inHand + consumers.stream().mapToInt(Consumer::open).sum();
    }
  }
}
