package mstc.cloud.worker.faults.check;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.faults.history.Event.PodSeen;
import mstc.cloud.worker.faults.history.Expected;

/** All that was seen of a pod. */
record PodFacts(
    String uid,
    String jobUid,
    Optional<String> reason,
    Optional<Instant> startedAt,
    Optional<Instant> finishedAt,
    OptionalInt exitCode,
    boolean deleted,
    boolean disrupted) {
  /** An attempt that was cut this soon may have left no trace. */
  private static final Duration BRIEF = Duration.ofSeconds(3);

  static PodFacts of(List<PodSeen> seen) {
    PodSeen first = seen.getFirst();
    return new PodFacts(
        first.uid(),
        first.jobUid(),
        seen.stream().flatMap(s -> s.reason().stream()).reduce((_, later) -> later),
        seen.stream().flatMap(s -> s.startedAt().stream()).findFirst(),
        seen.stream().flatMap(s -> s.finishedAt().stream()).findFirst(),
        seen.stream()
            .map(PodSeen::exitCode)
            .filter(OptionalInt::isPresent)
            .findFirst()
            .orElse(OptionalInt.empty()),
        seen.stream().anyMatch(PodSeen::deleting),
        seen.stream().anyMatch(PodSeen::disrupted));
  }

  /** Whether a container of it started. */
  boolean ran() {
    return startedAt.isPresent();
  }

  boolean isReason(String wanted) {
    return Objects.equals(reason.orElse(null), wanted);
  }

  boolean exitedWith(int code) {
    return exitCode.isPresent() && exitCode.getAsInt() == code;
  }

  /** Whether its script ran to its end. */
  boolean endedByItself(Expected expected) {
    return exitCode.isPresent() && expected.exits().contains(exitCode.getAsInt());
  }

  /** Whether it has certainly written all of its text. */
  boolean hasWrittenAll(Expected expected) {
    return endedByItself(expected)
        || duration().stream()
            .anyMatch(duration ->
                duration.compareTo(Duration.ofSeconds(expected.writtenAfterSeconds())) > 0);
  }

  /** Whether it was cut so soon that its log may be missing without a warning. */
  boolean wasCutAtOnce(Expected expected) {
    return !endedByItself(expected)
        && duration().stream().allMatch(duration -> duration.compareTo(BRIEF) < 0);
  }

  private Optional<Duration> duration() {
    return startedAt.flatMap(start -> finishedAt.map(end -> Duration.between(start, end)));
  }

  @Override
  public String toString() {
    return "%s, which ran %s and ended with %s%s%s"
        .formatted(
            uid,
            duration().map(ran -> ran.toSeconds() + " s").orElse("for how long is not known"),
            exitCode.isPresent() ? "exit code " + exitCode.getAsInt() : "what nobody saw",
            reason.map(why -> ", " + why).orElse(""),
            disrupted ? ", taken away" : "");
  }
}
