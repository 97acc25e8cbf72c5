package mstc.cloud.worker.adapters.k8s.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.cluster.Timestamps;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Ended;
import mstc.cloud.worker.adapters.k8s.job.RecordedHistory.Told;
import mstc.cloud.worker.domain.job.JobOutcome;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is made of what a real cluster told, by who watched all of it, and by who came later. */
class RecordedHistoriesTest {
  private static final Duration TIMEOUT = Duration.ofMinutes(1);
  private static final Instant NOW = RecordedHistory.BEGIN.plusSeconds(1000);

  private static List<RecordedHistory> histories() {
    return RecordedHistory.all();
  }

  /**
   * The first end that a worker sees, which asks the cluster once it has seen all.
   *
   * @param from what the cluster had told before that is only known as far as it is still there
   * @param traces what the cluster tells of the pods that are gone
   */
  private static Ended end(RecordedHistory history, int from, List<PodTrace> traces) {
    TrackedJob tracked = new TrackedJob((Job) history.told().getFirst().item());
    Map<String, Pod> there = new LinkedHashMap<>();
    for (Told told : history.told().subList(0, from)) {
      switch (told.item()) {
        case Job job -> tracked.update(job);
        case Pod pod when told.gone() -> there.remove(pod.getMetadata().getUid());
        case Pod pod -> there.put(pod.getMetadata().getUid(), pod);
        default -> throw new IllegalStateException();
      }
    }
    there.values().forEach(tracked::update);
    for (Told told : history.told().subList(from, history.told().size())) {
      if (verdict(tracked, Optional.empty()) instanceof Ended ended) {
        return ended;
      }
      switch (told.item()) {
        case Job job -> tracked.update(job);
        case Pod pod when told.gone() -> tracked.markGone(pod);
        case Pod pod -> tracked.update(pod);
        default -> throw new IllegalStateException();
      }
    }
    if (verdict(tracked, Optional.empty()) instanceof Ended ended) {
      return ended;
    }
    assertThat(verdict(tracked, Optional.empty())).isEqualTo(new JobVerdict.Unseen());
    return (Ended) verdict(tracked, Optional.of(traces));
  }

  private static JobVerdict verdict(TrackedJob tracked, Optional<List<PodTrace>> traces) {
    return JobJudgement.of(tracked.snapshot(), TIMEOUT, traces, NOW);
  }

  /** What events would tell of all its pods. */
  private static List<PodTrace> traces(RecordedHistory history) {
    Map<String, PodTrace> traces = new LinkedHashMap<>();
    history
        .pods()
        .forEach(pod -> {
          String name = pod.getMetadata().getName();
          PodTrace before = traces.get(name);
          traces.put(
              name,
              new PodTrace(
                  name,
                  Timestamps.parse(pod.getMetadata().getCreationTimestamp()),
                  Optional.ofNullable(before)
                      .flatMap(PodTrace::startedAt)
                      .or(() -> PodStates.startedAt(pod)),
                  PodStates.isReason(pod, "DeadlineExceeded")));
        });
    return List.copyOf(traces.values());
  }

  private static Optional<Instant> firstStart(RecordedHistory history) {
    return history.pods().flatMap(pod -> PodStates.startedAt(pod).stream()).min(Instant::compareTo);
  }

  private static List<String> described(Ended ended) {
    List<String> words = new ArrayList<>();
    words.add(
        switch (ended.outcome()) {
          case JobOutcome.Failed(int code) -> "FAILED " + code;
          case JobOutcome.NotStarted _ -> "NOT STARTED";
          case JobOutcome.Succeeded _,
              JobOutcome.TimedOut _,
              JobOutcome.OutOfMemory _,
              JobOutcome.ImageUnavailable _,
              JobOutcome.Evicted _,
              JobOutcome.Cancelled _,
              JobOutcome.Lost _,
              JobOutcome.Rejected _ ->
              ended.outcome().kind().name();
        });
    words.addAll(ended.warnings());
    return words;
  }

  @ParameterizedTest
  @MethodSource("histories")
  void whoWatchesAJobToldItsEnd(RecordedHistory history) {
    Ended ended = end(history, 1, List.of());

    assertThat(described(ended)).isEqualTo(history.end());
    assertThat(ended.startedAt()).isEqualTo(firstStart(history));
    assertThat(ended.finishedAt())
        .isBetween(RecordedHistory.BEGIN, RecordedHistory.BEGIN.plusSeconds(200));
  }

  /** A worker that begins to look at any time, with and without events that tell of the past. */
  @ParameterizedTest
  @MethodSource("histories")
  void whoComesLaterNeverTakesAJobThatRanForOneThatDidNot(RecordedHistory history) {
    String right = history.end().getFirst();

    for (int from = 1; from <= history.told().size(); from++) {
      Ended unaided = end(history, from, List.of());
      Ended aided = end(history, from, traces(history));

      for (Ended ended : List.of(unaided, aided)) {
        assertThat(described(ended).getFirst())
            .as("from %d: %s", from, ended)
            .isIn(right.equals("EVICTED") ? List.of(right, "TIMED_OUT") : List.of(right, "LOST"));
        if (ended.outcome() instanceof JobOutcome.NotStarted) {
          assertThat(firstStart(history)).isEmpty();
        }
      }
      // Of a pod that was taken away the Job does not tell, so nobody looks for it.
      if (!right.equals("EVICTED")) {
        assertThat(aided.startedAt()).as("from %d: %s", from, aided).isEqualTo(firstStart(history));
      }
    }
  }
}
