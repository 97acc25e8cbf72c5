package mstc.cloud.worker.faults.check;

import static java.util.stream.Collectors.groupingBy;

import java.util.List;
import java.util.Map;
import mstc.cloud.worker.faults.history.Event.LogRead;
import mstc.cloud.worker.faults.history.Event.Part;
import mstc.cloud.worker.faults.history.Expected;

/** What a reply says of a log, and whether it is true. */
enum LogVerdict {
  COMPLETE_AND_WHOLE("complete"),
  COMPLETE_BUT_NOT_WHOLE("said to be complete, and not"),
  INCOMPLETE("not complete"),
  INCOMPLETE_THOUGH_WHOLE("said not to be, though whole");

  private final String words;

  LogVerdict(String words) {
    this.words = words;
  }

  @Override
  public String toString() {
    return words;
  }

  static LogVerdict of(
      RequestFacts request, Expected expected, Answer answer, boolean complete, LogRead log) {
    // If several Jobs ran under the name, which is reported elsewhere, the log is of one.
    Map<String, List<PodFacts>> byJob =
        request.ranFor(answer).stream().collect(groupingBy(PodFacts::jobUid));
    boolean whole =
        byJob.isEmpty()
            ? isWhole(expected, List.of(), log.parts())
            : byJob.values().stream().anyMatch(pods -> isWhole(expected, pods, log.parts()));
    if (complete) {
      return whole ? COMPLETE_AND_WHOLE : COMPLETE_BUT_NOT_WHOLE;
    }
    return whole ? INCOMPLETE_THOUGH_WHOLE : INCOMPLETE;
  }

  private static boolean isWhole(Expected expected, List<PodFacts> ran, List<Part> parts) {
    List<PodFacts> pods = ran;
    if (pods.size() > parts.size()) {
      pods = pods.stream().filter(pod -> !pod.wasCutAtOnce(expected)).toList();
    }
    if (pods.size() > parts.size() && expected.logBytes() > 0) {
      return false;
    }
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      // For a pod that was not seen to run, it can only be checked that nothing else is there.
      boolean all = i < pods.size() && pods.get(i).hasWrittenAll(expected);
      if (part.same() != part.bytes() || (all && part.bytes() != expected.logBytes())) {
        return false;
      }
    }
    return true;
  }
}
