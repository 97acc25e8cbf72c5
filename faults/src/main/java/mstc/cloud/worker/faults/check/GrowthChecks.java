package mstc.cloud.worker.faults.check;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import mstc.cloud.worker.faults.check.Violation.Rule;
import mstc.cloud.worker.faults.history.Event.ProcessSeen;

/**
 * What the workers use does not grow: the last quarter of the run is compared with the first. The
 * bounds are wide, as a fault may well delay a few dozen jobs; in time a leak exceeds them.
 */
final class GrowthChecks implements Check {
  private static final int FEWEST = 8;
  private static final int FACTOR = 2;

  @Override
  public void check(Facts facts, Consumer<Violation> violations) {
    List<ProcessSeen> seen = facts.history().all(ProcessSeen.class).toList();
    if (seen.size() < FEWEST) {
      return;
    }
    Instant begin = seen.getFirst().at();
    Duration quarter = Duration.between(begin, seen.getLast().at()).dividedBy(4);
    List<ProcessSeen> first =
        seen.stream().filter(s -> s.at().isBefore(begin.plus(quarter))).toList();
    List<ProcessSeen> last =
        seen.stream().filter(s -> s.at().isAfter(begin.plus(quarter.multipliedBy(3)))).toList();
    compare("threads", first, last, ProcessSeen::threads, 60, violations);
    compare("descriptors", first, last, ProcessSeen::descriptors, 100, violations);
    compare("KiB of heap", first, last, ProcessSeen::heapKibibytes, 80 * 1024, violations);
  }

  private static void compare(
      String what,
      List<ProcessSeen> first,
      List<ProcessSeen> last,
      ToLongFunction<ProcessSeen> value,
      long allowance,
      Consumer<Violation> violations) {
    long before = median(first, value);
    long after = median(last, value);
    if (after > before * FACTOR + allowance) {
      violations.accept(
          new Violation(
              Rule.WORKERS_DO_NOT_GROW,
              "%d %s at first, %d at the end".formatted(before, what, after)));
    }
  }

  private static long median(List<ProcessSeen> seen, ToLongFunction<ProcessSeen> value) {
    long[] sorted = seen.stream().mapToLong(value).sorted().toArray();
    return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
  }
}
