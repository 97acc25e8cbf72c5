package mstc.cloud.worker.faults.history;

import java.util.List;
import java.util.stream.Stream;

/** What happened in a run, in the order in which it was noted. */
public record History(List<Event> events) {
  public History {
    events = List.copyOf(events);
  }

  /** All events of one type. */
  public <E extends Event> Stream<E> all(Class<E> type) {
    return events.stream().filter(type::isInstance).map(type::cast);
  }
}
