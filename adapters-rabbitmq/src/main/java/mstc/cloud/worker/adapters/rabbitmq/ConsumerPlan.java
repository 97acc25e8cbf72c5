package mstc.cloud.worker.adapters.rabbitmq;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Decides the next step, so that the deliveries in hand and those that the consumers may still
 * bring add up to the demand. It only counts: the same counts always give the same step.
 *
 * <p>A broker applies a prefetch to new consumers only, and a channel-wide one is deprecated (and
 * some brokers know no other). So if the demand exceeds the sum, a consumer with a channel of its
 * own is started for the difference; if the sum exceeds the demand, consumers are cancelled. With
 * an unchanged demand this comes to rest, and the broker alone refills.
 *
 * @see <a href="https://www.rabbitmq.com/docs/consumer-prefetch">Consumer prefetch</a>
 */
final class ConsumerPlan {
  /** At this number, a consumer is cancelled first, and the next one is started for both. */
  private static final int MAX_CONSUMERS = 16;

  private static final int MAX_PREFETCH = 65_535;

  private ConsumerPlan() {}

  /**
   * A consumer, as it is now.
   *
   * @param key identifies it
   * @param prefetch how many deliveries it may leave unacknowledged
   * @param unacknowledged how many came over its channel and are not settled, including those of
   *     earlier consumers on that channel
   */
  record Consumer<K>(K key, int prefetch, int unacknowledged) {
    /** How many deliveries it may still bring. */
    int open() {
      return Math.max(0, prefetch - unacknowledged);
    }
  }

  sealed interface Step<K> {
    /** Start a consumer. */
    record Begin<K>(int prefetch) implements Step<K> {}

    /** Cancel a consumer; its deliveries stay valid. */
    record End<K>(K consumer) implements Step<K> {}

    /** Requeue the deliveries that wait for room; nothing more can come. */
    record GiveBack<K>() implements Step<K> {}

    /** Do nothing until a count changes. */
    record Rest<K>() implements Step<K> {}
  }

  /**
   * The next step.
   *
   * @param demand how many deliveries are wanted
   * @param taken how many have come, whether in hand, waiting for room or having just stepped aside
   * @param consumers those that were started and not cancelled
   */
  static <K> Step<K> next(int demand, int taken, List<Consumer<K>> consumers) {
    int missing = demand - taken - consumers.stream().mapToInt(Consumer::open).sum();
    if (missing == 0) {
      return new Step.Rest<>();
    }
    if (missing < 0) {
      return freeing(-missing, consumers)
          .or(() -> widest(consumers))
          .<Step<K>>map(it -> new Step.End<>(it.key()))
          .orElseGet(Step.GiveBack::new);
    }
    return (consumers.size() < MAX_CONSUMERS ? Optional.<Consumer<K>>empty() : widest(consumers))
        .<Step<K>>map(it -> new Step.End<>(it.key()))
        .orElseGet(() -> new Step.Begin<>(Math.min(missing, MAX_PREFETCH)));
  }

  /** The consumer whose end frees enough room, and leaves the least to start again. */
  private static <K> Optional<Consumer<K>> freeing(int surplus, List<Consumer<K>> consumers) {
    return consumers.stream()
        .filter(it -> it.open() >= surplus)
        .min(Comparator.comparingInt(Consumer::open));
  }

  private static <K> Optional<Consumer<K>> widest(List<Consumer<K>> consumers) {
    return consumers.stream().max(Comparator.comparingInt(Consumer::open));
  }
}
