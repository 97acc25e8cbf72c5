package mstc.cloud.worker.faults.check;

import java.util.ArrayList;
import java.util.List;
import mstc.cloud.worker.faults.history.History;

/**
 * Finds what must not have happened. It depends on the history alone, so that a run can be judged
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

  /** All violations, by rule. */
  public static List<Violation> check(History history) {
    Facts facts = new Facts(history);
    List<Violation> violations = new ArrayList<>();
    CHECKS.forEach(check -> check.check(facts, violations::add));
    return violations;
  }
}
