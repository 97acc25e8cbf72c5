package mstc.cloud.worker.faults.check;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import mstc.cloud.worker.faults.history.Event.FaultBegun;
import mstc.cloud.worker.faults.history.Event.JobSeen;
import mstc.cloud.worker.faults.history.Event.LogRead;
import mstc.cloud.worker.faults.history.Event.Replied;
import mstc.cloud.worker.faults.history.Event.RunBegun;
import mstc.cloud.worker.faults.history.Event.Sent;
import mstc.cloud.worker.faults.history.FaultKind;
import mstc.cloud.worker.faults.history.History;

/** A run in numbers. */
public final class Summary {
  private final StringBuilder table = new StringBuilder();

  private Summary() {}

  /** A table of the run, one number per line. */
  public static String of(History history) {
    Summary summary = new Summary();
    Facts facts = new Facts(history);
    history
        .all(RunBegun.class)
        .forEach(run -> {
          summary.row("seed", run.seed());
          summary.row("minutes", run.minutes());
          run.leftOut().forEach(left -> summary.row("left out", left));
        });
    summary.requests(facts);
    summary.logs(facts);
    Map<FaultKind, Long> faults = new EnumMap<>(FaultKind.class);
    history.all(FaultBegun.class).forEach(fault -> faults.merge(fault.kind(), 1L, Long::sum));
    summary.row("faults", faults.values().stream().mapToLong(Long::longValue).sum());
    faults.forEach((kind, count) -> summary.row("  " + kind, count));
    return summary.table.toString();
  }

  private void row(String name, Object value) {
    table.append("  %-34s %s%n".formatted(name, value));
  }

  private void requests(Facts facts) {
    History history = facts.history();
    row("requests", facts.requests().size());
    row("sends", history.all(Sent.class).count());
    row("Jobs", history.all(JobSeen.class).map(JobSeen::uid).distinct().count());
    row("Jobs that ran", facts.requests().stream().mapToInt(r -> r.jobsThatRan().size()).sum());
    List<Replied> replies = history.all(Replied.class).filter(r -> !r.redelivered()).toList();
    row("answers", replies.size());
    row(
        "  that nobody could give",
        facts.requests().stream()
            .filter(facts::wasDeletedUnseen)
            .flatMap(request -> request.sends().stream().map(request::repliesTo))
            .filter(List::isEmpty)
            .count());
    row(
        "answers that came again",
        replies.size() - replies.stream().map(Replied::send).distinct().count());
    Map<String, Long> outcomes =
        replies.stream()
            .flatMap(reply -> Answer.parse(reply.reply()).stream())
            .collect(Collectors.groupingBy(Answer::outcome, TreeMap::new, Collectors.counting()));
    outcomes.forEach((outcome, count) -> row("  " + outcome, count));
  }

  private void logs(Facts facts) {
    Map<LogVerdict, Long> verdicts = new EnumMap<>(LogVerdict.class);
    for (LogVerdict verdict : LogVerdict.values()) {
      verdicts.put(verdict, 0L);
    }
    for (RequestFacts request : facts.requests()) {
      request.valid().stream()
          .flatMap(send ->
              request.answersTo(send).stream()
                  .flatMap(answer -> verdict(request, send, answer).stream()))
          .findFirst()
          .ifPresent(verdict -> verdicts.merge(verdict, 1L, Long::sum));
    }
    row("logs", verdicts.values().stream().mapToLong(Long::longValue).sum());
    verdicts.forEach((verdict, count) -> row("  " + verdict, count));
  }

  private static Optional<LogVerdict> verdict(RequestFacts request, Sent send, Answer answer) {
    return answer
        .log()
        .flatMap(log -> {
          Optional<LogRead> read = request.log(log.object());
          return read.map(r -> LogVerdict.of(request, send.expected(), answer, log.complete(), r));
        });
  }
}
