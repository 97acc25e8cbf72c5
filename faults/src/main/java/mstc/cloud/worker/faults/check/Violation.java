package mstc.cloud.worker.faults.check;

/**
 * Something that must not happen, and did.
 *
 * @param words what happened, with the ids that it is about
 */
public record Violation(Rule rule, String words) {
  /** What is promised. */
  public enum Rule {
    RUN_ONCE,
    INVALID_IS_NOT_RUN,
    EVERY_SEND_IS_ANSWERED,
    REPLIES_CAN_BE_READ,
    ANSWERS_ARE_EQUAL,
    REPEATED_ONLY_UNDER_FAULTS,
    OUTCOME_IS_WHAT_HAPPENED,
    VALID_IS_NOT_REJECTED,
    WHAT_RAN_HAS_STARTED,
    LOG_IS_STORED,
    COMPLETE_IS_WHOLE,
    INCOMPLETE_IS_SAID_WHY,
    DRAINED_IN_TIME,
    NOTHING_IS_LEFT,
    WORKERS_STAY_UP,
    WORKERS_DO_NOT_GROW
  }

  @Override
  public String toString() {
    return rule + ": " + words;
  }
}
