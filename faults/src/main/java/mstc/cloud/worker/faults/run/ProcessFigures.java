package mstc.cloud.worker.faults.run;

import java.util.Optional;

/** Reads what Linux and the worker's metrics tell of a process. */
final class ProcessFigures {
  private static final String THREADS = "Threads:";
  private static final String OLD_GENERATION = "jvm_memory_pool_used_bytes{pool=\"Tenured Gen\"}";

  private ProcessFigures() {}

  /** The threads, from {@code /proc/<pid>/status}. */
  static Optional<Integer> threads(String status) {
    return value(status, THREADS).map(Integer::parseInt);
  }

  /** The heap's old generation, from metrics in Prometheus' format; written as 1.2345E7. */
  static Optional<Long> oldGenerationKibibytes(String metrics) {
    return value(metrics, OLD_GENERATION).map(bytes -> (long) (Double.parseDouble(bytes) / 1024));
  }

  private static Optional<String> value(String lines, String beginning) {
    return lines
        .lines()
        .filter(line -> line.startsWith(beginning))
        .map(line -> line.substring(beginning.length()).strip())
        .findFirst();
  }
}
