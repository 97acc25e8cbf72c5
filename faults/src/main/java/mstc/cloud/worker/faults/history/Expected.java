package mstc.cloud.worker.faults.history;

import java.util.List;

/**
 * How a request ends when nothing disturbs it.
 *
 * @param outcome as replies name it
 * @param exits the exit codes with which its script may end by itself; others come from outside
 * @param logBytes how much each of its attempts writes
 * @param writtenAfterSeconds by when an attempt has written all of it, with a wide margin
 */
public record Expected(
    String outcome, List<Integer> exits, long logBytes, int writtenAfterSeconds) {
  public Expected {
    exits = List.copyOf(exits);
  }

  /** For a request that is refused and runs nothing. */
  public static Expected rejected() {
    return new Expected("REJECTED", List.of(), 0, 0);
  }

  public boolean isRejected() {
    return outcome.equals("REJECTED");
  }
}
