package mstc.cloud.worker.faults.check;

import java.util.List;
import java.util.function.Consumer;
import mstc.cloud.worker.faults.check.Violation.Rule;
import mstc.cloud.worker.faults.history.Event.Meddling;
import mstc.cloud.worker.faults.history.Event.Sent;

/** A request runs once, or not at all if it is invalid. */
final class JobChecks implements Check {
  @Override
  public void check(Facts facts, Consumer<Violation> violations) {
    for (RequestFacts request : facts.requests()) {
      List<String> ran = request.jobsThatRan();
      if (ran.size() > mayRun(request)) {
        violations.accept(
            new Violation(
                request.valid().isEmpty() ? Rule.INVALID_IS_NOT_RUN : Rule.RUN_ONCE,
                "%s (%s) ran as %d Jobs: %s"
                    .formatted(
                        request.name(), identity(request.sends().getFirst()), ran.size(), ran)));
      }
    }
  }

  /** Once by its id, else once per message; once more for each Job that was deleted and is gone. */
  private static long mayRun(RequestFacts request) {
    List<Sent> valid = request.valid();
    boolean byId = valid.stream().anyMatch(send -> send.messageId().isPresent());
    long runs = byId ? 1 : valid.size();
    return runs + request.times(Meddling.JOB_DELETED).count();
  }

  private static String identity(Sent send) {
    return send.messageId().map(id -> "message id " + id).orElse("without a message id");
  }
}
