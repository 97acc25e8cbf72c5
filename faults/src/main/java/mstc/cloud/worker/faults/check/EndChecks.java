package mstc.cloud.worker.faults.check;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import mstc.cloud.worker.faults.check.Violation.Rule;
import mstc.cloud.worker.faults.history.Event.Drained;
import mstc.cloud.worker.faults.history.Event.LeftBehind;
import mstc.cloud.worker.faults.history.Event.Mended;
import mstc.cloud.worker.faults.history.Event.Misbehaved;
import mstc.cloud.worker.faults.history.Event.Place;
import mstc.cloud.worker.faults.history.Event.Sent;
import mstc.cloud.worker.faults.history.History;

/** Everything is over soon after the last fault, nothing is left, and the workers still run. */
final class EndChecks implements Check {
  private static final Duration LONGEST_DRAIN = Duration.ofMinutes(2);

  @Override
  public void check(Facts facts, Consumer<Violation> violations) {
    History history = facts.history();
    checkDrained(history, violations);
    Map<String, Sent> sends =
        history.all(Sent.class).collect(Collectors.toMap(Sent::send, send -> send));
    history
        .all(LeftBehind.class)
        .filter(left -> !isDeadLetterOfWhatCannotBeRead(left, sends))
        .forEach(left ->
            violations.accept(
                new Violation(
                    Rule.NOTHING_IS_LEFT, "%s: %s".formatted(left.place(), left.words()))));
    history
        .all(Misbehaved.class)
        .forEach(misbehaved ->
            violations.accept(
                new Violation(
                    Rule.WORKERS_STAY_UP,
                    "worker %d at %s: %s"
                        .formatted(misbehaved.replica(), misbehaved.at(), misbehaved.words()))));
  }

  private static void checkDrained(History history, Consumer<Violation> violations) {
    Optional<Instant> mended = history.all(Mended.class).map(Mended::at).findFirst();
    Optional<Instant> drained = history.all(Drained.class).map(Drained::at).findFirst();
    if (mended.isEmpty()) {
      violations.accept(new Violation(Rule.DRAINED_IN_TIME, "the run broke off"));
    } else if (drained.isEmpty() || drained.get().isAfter(mended.get().plus(LONGEST_DRAIN))) {
      violations.accept(
          new Violation(
              Rule.DRAINED_IN_TIME,
              "the last fault was mended at %s, and all was answered %s"
                  .formatted(
                      mended.get(),
                      drained.map(at -> "at " + at).orElse("not while it was awaited"))));
    }
  }

  private static boolean isDeadLetterOfWhatCannotBeRead(LeftBehind left, Map<String, Sent> sends) {
    return left.place() == Place.DEAD_LETTERS
        && left.send()
            .map(sends::get)
            .filter(send -> send != null && send.expected().isRejected())
            .isPresent();
  }
}
