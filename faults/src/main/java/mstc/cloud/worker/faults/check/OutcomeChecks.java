package mstc.cloud.worker.faults.check;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import mstc.cloud.worker.faults.check.Violation.Rule;
import mstc.cloud.worker.faults.history.Event.Meddling;
import mstc.cloud.worker.faults.history.Event.Sent;
import mstc.cloud.worker.faults.history.Expected;

/** An answer says what happened to the job's pods; faults that hit them explain other ends. */
final class OutcomeChecks implements Check {
  @Override
  public void check(Facts facts, Consumer<Violation> violations) {
    for (RequestFacts request : facts.requests()) {
      for (Sent send : request.sends()) {
        request.answersTo(send).stream()
            .distinct()
            .flatMap(answer ->
                judge(request, send.expected(), answer).stream()
                    .map(violation ->
                        new Violation(
                            violation.rule(),
                            "%s (%s): %s: %s"
                                .formatted(send.send(), send.shape(), violation.words(), answer))))
            .forEach(violations);
      }
    }
  }

  private static Optional<Violation> judge(RequestFacts request, Expected expected, Answer answer) {
    boolean rejected = answer.outcome().equals("REJECTED");
    if (rejected != expected.isRejected()) {
      return Optional.of(
          rejected
              ? new Violation(Rule.VALID_IS_NOT_REJECTED, "it is valid")
              : wrong("it is not valid"));
    }
    if (rejected) {
      return Optional.empty();
    }
    List<PodFacts> ran = request.ranFor(answer);
    if (!answer.started() && !ran.isEmpty()) {
      return Optional.of(
          new Violation(
              Rule.WHAT_RAN_HAS_STARTED,
              "pod %s ran, and there is no start".formatted(ran.getFirst().uid())));
    }
    return contradiction(request, expected, answer, ran).map(OutcomeChecks::wrong);
  }

  private static Violation wrong(String words) {
    return new Violation(Rule.OUTCOME_IS_WHAT_HAPPENED, words);
  }

  private static Optional<String> contradiction(
      RequestFacts request, Expected expected, Answer answer, List<PodFacts> ran) {
    boolean tookAway = request.is(Meddling.POD_DELETED) || request.is(Meddling.POD_EVICTED);
    boolean cancelled = request.is(Meddling.CANCELLED) || request.is(Meddling.JOB_DELETED);
    boolean overdue = ran.stream().anyMatch(pod -> pod.isReason("DeadlineExceeded"));
    return switch (answer.outcome()) {
      case "SUCCEEDED" -> unless(succeeded(expected, ran), "no pod ended with exit code 0");
      case "FAILED" -> failed(expected, answer, ran, tookAway, cancelled);
      case "TIMED_OUT" ->
          unless(overdue || expected.outcome().equals("TIMED_OUT"), "no pod was overdue");
      case "CANCELLED" -> unless(cancelled, "nobody cancelled it");
      case "LOST" -> unless(tookAway || cancelled, "none of its pods was taken away");
      case "EVICTED" -> unless(request.is(Meddling.POD_EVICTED), "none of its pods was evicted");
      default -> Optional.of("nothing explains that outcome");
    };
  }

  private static Optional<String> unless(boolean right, String words) {
    return right ? Optional.empty() : Optional.of(words);
  }

  /** An end that no pod was seen to have may have been missed, unless all were seen to end. */
  private static boolean succeeded(Expected expected, List<PodFacts> ran) {
    boolean missed = ran.isEmpty() || ran.stream().anyMatch(pod -> pod.exitCode().isEmpty());
    return expected.exits().contains(0)
        && (missed || ran.stream().anyMatch(pod -> pod.exitedWith(0)));
  }

  private static Optional<String> failed(
      Expected expected, Answer answer, List<PodFacts> ran, boolean tookAway, boolean cancelled) {
    boolean success =
        ran.stream()
            .anyMatch(
                pod -> pod.exitedWith(0) && !pod.deleted() && !pod.isReason("DeadlineExceeded"));
    if (success) {
      return Optional.of("a pod ended with exit code 0");
    }
    if (answer.exitCode().isEmpty()) {
      return unless(tookAway, "nothing kept it from starting");
    }
    int code = answer.exitCode().getAsInt();
    Stream<PodFacts> counted = ran.stream().filter(pod -> !pod.disrupted());
    boolean seen = counted.anyMatch(pod -> pod.exitCode().isEmpty() || pod.exitedWith(code));
    if (!seen) {
      return Optional.of("no pod ended with exit code " + code);
    }
    return unless(
        expected.exits().contains(code) || tookAway,
        cancelled ? "it was cancelled" : "its script does not end so, and nothing was done to it");
  }
}
