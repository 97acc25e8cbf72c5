package mstc.cloud.worker.faults.check;

import java.util.Optional;
import java.util.function.Consumer;
import mstc.cloud.worker.faults.check.Violation.Rule;
import mstc.cloud.worker.faults.history.Event.LogRead;
import mstc.cloud.worker.faults.history.Event.Sent;

/** The log is stored and whole, or the reply says that it is not, and why. */
final class LogChecks implements Check {
  @Override
  public void check(Facts facts, Consumer<Violation> violations) {
    for (RequestFacts request : facts.requests()) {
      for (Sent send : request.valid()) {
        request.answersTo(send).stream()
            .distinct()
            .filter(answer -> !answer.outcome().equals("REJECTED"))
            .forEach(answer -> check(request, send, answer, violations));
      }
    }
  }

  private static void check(
      RequestFacts request, Sent send, Answer answer, Consumer<Violation> violations) {
    String about = "%s (%s)".formatted(send.send(), send.shape());
    if (answer.log().isEmpty()) {
      violations.accept(
          new Violation(Rule.LOG_IS_STORED, about + ": no log was stored: " + answer));
      return;
    }
    Answer.Log log = answer.log().get();
    Optional<LogRead> read = request.log(log.object());
    if (read.isEmpty() || read.get().bytes() != log.bytes()) {
      violations.accept(
          new Violation(
              Rule.LOG_IS_STORED,
              "%s: %s is %s, where the reply says %d bytes"
                  .formatted(
                      about,
                      log.object(),
                      read.map(r -> r.bytes() + " bytes").orElse("missing"),
                      log.bytes())));
      return;
    }
    if (!log.complete() && !answer.warned()) {
      violations.accept(
          new Violation(
              Rule.INCOMPLETE_IS_SAID_WHY,
              "%s: %s is not complete, and no warning says why".formatted(about, log.object())));
    }
    LogVerdict verdict =
        LogVerdict.of(request, send.expected(), answer, log.complete(), read.get());
    if (verdict == LogVerdict.COMPLETE_BUT_NOT_WHOLE) {
      violations.accept(
          new Violation(
              Rule.COMPLETE_IS_WHOLE,
              "%s: %s is said to be complete, and is not: each attempt writes %d bytes, stored are %s; pods %s"
                  .formatted(
                      about,
                      log.object(),
                      send.expected().logBytes(),
                      read.get().parts(),
                      request.ranFor(answer))));
    }
  }
}
