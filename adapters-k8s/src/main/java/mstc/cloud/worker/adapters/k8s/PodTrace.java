package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventSeries;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the cluster's events still tell of a pod that is gone. They are kept for an hour as a rule,
 * and some are never written: what they do not tell may have happened all the same.
 *
 * @param startedAt when a process of it started
 * @param timedOut whether it was ended at its deadline
 */
record PodTrace(
    String name, Optional<Instant> createdAt, Optional<Instant> startedAt, boolean timedOut) {
  /** Of the reason {@code SuccessfulCreate}, about a Job; the pod's name follows. */
  private static final String CREATED = "Created pod: ";

  /** The name of the pod that an event says a Job got. */
  static Optional<String> createdPod(Event event) {
    return Optional.ofNullable(event.getMessage())
        .filter(message -> message.startsWith(CREATED))
        .map(message -> message.substring(CREATED.length()).strip());
  }

  /**
   * @param container that does the work
   * @param creation the event that says so
   * @param events about the pod
   */
  static PodTrace of(String name, String container, Event creation, List<Event> events) {
    String path = "spec.containers{" + container + "}";
    return new PodTrace(
        name,
        time(creation),
        events.stream()
            .filter(event ->
                "Started".equals(event.getReason())
                    && path.equals(event.getInvolvedObject().getFieldPath()))
            .flatMap(event -> time(event).stream())
            .min(Instant::compareTo),
        events.stream().anyMatch(event -> "DeadlineExceeded".equals(event.getReason())));
  }

  /** The first time it happened. */
  private static Optional<Instant> time(Event event) {
    return Stream.of(
            PodStates.instant(event.getFirstTimestamp()),
            Optional.ofNullable(event.getEventTime())
                .flatMap(time -> PodStates.instant(time.getTime())),
            PodStates.instant(event.getMetadata().getCreationTimestamp()))
        .flatMap(Optional::stream)
        .findFirst();
  }

  /** The last time it happened. */
  static Optional<Instant> lastTime(Event event) {
    return Optional.ofNullable(event.getSeries())
        .map(EventSeries::getLastObservedTime)
        .flatMap(time -> PodStates.instant(time.getTime()))
        .or(() -> PodStates.instant(event.getLastTimestamp()))
        .or(() -> time(event));
  }
}
