package mstc.cloud.worker.domain.diagnosis;

import java.util.List;

/** Examines one of the services that the worker needs, with the worker's own settings. */
public interface Diagnosis extends AutoCloseable {

  /**
   * What is checked. The checks are run in this order, each once and one after the other, maybe on
   * different threads: a later one may use what an earlier one has opened or found.
   */
  List<Check> checks();

  /** Frees what the checks have opened; one that still runs fails. May be repeated. */
  @Override
  void close();

  /** Checks that leave nothing open. */
  static Diagnosis of(List<Check> checks) {
    List<Check> all = List.copyOf(checks);
    return new Diagnosis() {
      @Override
      public List<Check> checks() {
        return all;
      }

      @Override
      public void close() {
        // Nothing was opened.
      }
    };
  }
}
