package mstc.cloud.worker.faults.schedule;

import java.time.Duration;

/**
 * A fault and its time.
 *
 * @param begin from the run's beginning
 * @param length until it is mended
 */
public record PlannedFault(Duration begin, Duration length, Fault fault) {
  Duration end() {
    return begin.plus(length);
  }
}
