package mstc.cloud.worker.faults.check;

import java.util.function.Consumer;

/** One set of rules. */
interface Check {
  /** Reports each violation of the rules. */
  void check(Facts facts, Consumer<Violation> violations);
}
