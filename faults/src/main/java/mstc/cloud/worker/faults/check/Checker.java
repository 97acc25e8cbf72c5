package mstc.cloud.worker.faults.check;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import mstc.cloud.worker.faults.history.History;

/**
 * Finds what must not have happened. A function of the history alone, so that a run can be judged
 * again from its file.
 */
public final class Checker {
  private static final List<Check> CHECKS =
      List.of(
          new JobChecks(),
          new ReplyChecks(),
          new OutcomeChecks(),
          new LogChecks(),
          new EndChecks(),
          new GrowthChecks());

  private Checker() {}

  /** One set of rules. */
  interface Check {
    /** Hands on each violation of the rules. */
    void check(Facts facts, Consumer<Violation> violations);
  }

  /** All violations, by rule. */
  public static List<Violation> check(History history) {
    Facts facts = new Facts(history);
    List<Violation> violations = new ArrayList<>();
    CHECKS.forEach(check -> check.check(facts, violations::add));
    return violations;
  }
}
