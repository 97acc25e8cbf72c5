package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventSeries;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.cluster.Timestamps;

/**
 * What the cluster's events still tell of a pod that is gone. They are normally kept for an hour,
 * and some are never written: what they do not tell may still have happened.
 *
 * @param startedAt when a process of it started
 * @param timedOut whether it was ended at its deadline
 */
public record PodTrace(
    String name, Optional<Instant> createdAt, Optional<Instant> startedAt, boolean timedOut) {
  /** In events of the reason {@code SuccessfulCreate} about a Job; the pod's name follows. */
  private static final String CREATED = "Created pod: ";

  /** The name of the pod that a Job got, by an event. */
  static Optional<String> createdPod(Event event) {
    return Optional.ofNullable(event.getMessage())
        .filter(message -> message.startsWith(CREATED))
        .map(message -> message.substring(CREATED.length()).strip());
  }

  /**
   * @param container the job's container
   * @param creation the event that says it was created
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
            Timestamps.parse(event.getFirstTimestamp()),
            Optional.ofNullable(event.getEventTime())
                .flatMap(time -> Timestamps.parse(time.getTime())),
            Timestamps.parse(event.getMetadata().getCreationTimestamp()))
        .flatMap(Optional::stream)
        .findFirst();
  }

  /** The last time it happened. */
  static Optional<Instant> lastTime(Event event) {
    return Optional.ofNullable(event.getSeries())
        .map(EventSeries::getLastObservedTime)
        .flatMap(time -> Timestamps.parse(time.getTime()))
        .or(() -> Timestamps.parse(event.getLastTimestamp()))
        .or(() -> time(event));
  }
}
