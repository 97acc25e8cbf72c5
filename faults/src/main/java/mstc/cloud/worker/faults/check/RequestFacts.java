package mstc.cloud.worker.faults.check;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.faults.history.Event.JobSeen;
import mstc.cloud.worker.faults.history.Event.LogRead;
import mstc.cloud.worker.faults.history.Event.Meddled;
import mstc.cloud.worker.faults.history.Event.Meddling;
import mstc.cloud.worker.faults.history.Event.Replied;
import mstc.cloud.worker.faults.history.Event.Sent;

/**
 * All that is known of a request: its sends, what became of them in the cluster, and the replies.
 *
 * @param replies those that came, by send
 */
record RequestFacts(
    String name,
    List<Sent> sends,
    List<JobSeen> jobs,
    List<PodFacts> pods,
    List<Meddled> meddled,
    List<LogRead> logs,
    Map<String, List<Replied>> replies) {

  /** The replies to a send, in the order in which they came. */
  List<Replied> repliesTo(Sent send) {
    return replies.getOrDefault(send.send(), List.of());
  }

  /** The replies to a send that can be read. */
  List<Answer> answersTo(Sent send) {
    return repliesTo(send).stream().flatMap(r -> Answer.parse(r.reply()).stream()).toList();
  }

  /** The sends that are to be run. */
  List<Sent> valid() {
    return sends.stream().filter(send -> !send.expected().isRejected()).toList();
  }

  boolean is(Meddling what) {
    return meddled.stream().anyMatch(m -> m.what() == what);
  }

  Stream<Instant> times(Meddling what) {
    return meddled.stream().filter(m -> m.what() == what).map(Meddled::at);
  }

  /** The distinct Jobs of which a pod ran. */
  List<String> jobsThatRan() {
    return pods.stream().filter(PodFacts::ran).map(PodFacts::jobUid).distinct().toList();
  }

  /** The pods that ran for the job of an answer, in the order of their start. */
  List<PodFacts> ranFor(Answer answer) {
    List<String> uids =
        jobs.stream()
            .filter(job -> answer.job().equals(Optional.of(job.name())))
            .map(JobSeen::uid)
            .distinct()
            .toList();
    return pods.stream()
        .filter(pod -> pod.ran() && uids.contains(pod.jobUid()))
        .sorted(Comparator.comparing(pod -> pod.startedAt().orElse(Instant.MAX)))
        .toList();
  }

  /** The stored log of that name, as it was read at the end. */
  Optional<LogRead> log(String object) {
    return logs.stream().filter(log -> log.object().equals(object)).findFirst();
  }
}
