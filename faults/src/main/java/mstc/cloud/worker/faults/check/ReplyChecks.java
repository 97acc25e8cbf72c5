package mstc.cloud.worker.faults.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import mstc.cloud.worker.faults.check.Violation.Rule;
import mstc.cloud.worker.faults.history.Event.Replied;
import mstc.cloud.worker.faults.history.Event.Sent;

/** Every send is answered, all answers of a request are equal, and few are repeated. */
final class ReplyChecks implements Check {
  @Override
  public void check(Facts facts, Consumer<Violation> violations) {
    for (RequestFacts request : facts.requests()) {
      for (Sent send : request.sends()) {
        checkSend(facts, request, send, violations);
      }
      if (!facts.wasDeletedUnseen(request)) {
        checkEqual(request, violations);
      }
    }
    Set<String> sent = facts.history().all(Sent.class).map(Sent::send).collect(Collectors.toSet());
    facts
        .history()
        .all(Replied.class)
        .filter(reply -> !sent.contains(reply.send()))
        .forEach(reply ->
            violations.accept(
                new Violation(
                    Rule.REPLIES_CAN_BE_READ,
                    "a reply came for %s, which nobody sent".formatted(reply.send()))));
  }

  private static void checkSend(
      Facts facts, RequestFacts request, Sent send, Consumer<Violation> violations) {
    List<Replied> replies = request.repliesTo(send);
    if (replies.isEmpty() && !facts.wasDeletedUnseen(request)) {
      violations.accept(
          new Violation(
              Rule.EVERY_SEND_IS_ANSWERED,
              "%s (%s, sent %s) has no answer".formatted(send.send(), send.shape(), send.at())));
    }
    for (Replied reply : replies) {
      if (Answer.parse(reply.reply()).isEmpty()) {
        violations.accept(
            new Violation(
                Rule.REPLIES_CAN_BE_READ,
                "the reply to %s is none: %s".formatted(send.send(), reply.reply())));
      }
    }
    List<Replied> sentByWorkers = replies.stream().filter(reply -> !reply.redelivered()).toList();
    if (sentByWorkers.size() > 1
        && !facts.mayRepeatReplies(sentByWorkers.getFirst().at(), sentByWorkers.getLast().at())) {
      violations.accept(
          new Violation(
              Rule.REPEATED_ONLY_UNDER_FAULTS,
              "%s was answered %d times, from %s on, and no fault explains it"
                  .formatted(send.send(), sentByWorkers.size(), sentByWorkers.getFirst().at())));
    }
  }

  /** Those with the same id share their answer; each of the others has its own. */
  private static void checkEqual(RequestFacts request, Consumer<Violation> violations) {
    List<List<Sent>> groups = new ArrayList<>();
    List<Sent> byId =
        request.valid().stream().filter(send -> send.messageId().isPresent()).toList();
    groups.add(byId);
    request.sends().stream()
        .filter(send -> !byId.contains(send))
        .map(List::of)
        .forEach(groups::add);
    for (List<Sent> group : groups) {
      List<Answer> different =
          group.stream().flatMap(send -> request.answersTo(send).stream()).distinct().toList();
      if (different.size() > 1) {
        violations.accept(
            new Violation(
                Rule.ANSWERS_ARE_EQUAL,
                "%s has %d different answers: %s"
                    .formatted(
                        group.stream().map(Sent::send).toList(), different.size(), different)));
      }
    }
  }
}
