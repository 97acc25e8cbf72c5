package mstc.cloud.worker.faults.check;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import mstc.cloud.worker.faults.history.Event;
import mstc.cloud.worker.faults.history.Event.FaultBegun;
import mstc.cloud.worker.faults.history.Event.FaultEnded;
import mstc.cloud.worker.faults.history.Event.JobSeen;
import mstc.cloud.worker.faults.history.Event.LogRead;
import mstc.cloud.worker.faults.history.Event.Meddled;
import mstc.cloud.worker.faults.history.Event.Meddling;
import mstc.cloud.worker.faults.history.Event.PodSeen;
import mstc.cloud.worker.faults.history.Event.Replied;
import mstc.cloud.worker.faults.history.Event.Sent;
import mstc.cloud.worker.faults.history.FaultKind;
import mstc.cloud.worker.faults.history.History;

/** A history, grouped by request. */
final class Facts {
  /** How long a fault affects replies after its end: until what was not noted is noticed. */
  private static final Duration REPEATED_WITHIN = Duration.ofSeconds(60);

  /** How long a fault affects the watching of Jobs: a Lease expires, watches are restarted. */
  private static final Duration BLIND_WITHIN = Duration.ofSeconds(30);

  private final History history;
  private final List<RequestFacts> requests = new ArrayList<>();
  private final List<Span> faults = new ArrayList<>();

  private record Span(FaultKind kind, Instant from, Instant to) {}

  Facts(History history) {
    this.history = history;
    Map<String, List<Sent>> sends = by(Sent.class, Sent::request);
    Map<String, List<JobSeen>> jobs = by(JobSeen.class, JobSeen::request);
    Map<String, List<PodSeen>> pods = by(PodSeen.class, PodSeen::request);
    Map<String, List<Meddled>> meddled = by(Meddled.class, Meddled::request);
    Map<String, List<LogRead>> logs = by(LogRead.class, LogRead::request);
    Map<String, List<Replied>> replies = by(Replied.class, Replied::send);
    sends.forEach((name, ofRequest) ->
        requests.add(
            new RequestFacts(
                name,
                ofRequest,
                jobs.getOrDefault(name, List.of()),
                podFacts(pods.getOrDefault(name, List.of())),
                meddled.getOrDefault(name, List.of()),
                logs.getOrDefault(name, List.of()),
                replies)));
    Map<Integer, Instant> ends = new LinkedHashMap<>();
    history.all(FaultEnded.class).forEach(ended -> ends.put(ended.number(), ended.at()));
    history
        .all(FaultBegun.class)
        .forEach(begun ->
            faults.add(
                new Span(
                    begun.kind(), begun.at(), ends.getOrDefault(begun.number(), Instant.MAX))));
  }

  private <E extends Event> Map<String, List<E>> by(Class<E> type, Function<E, String> key) {
    return history.all(type).collect(groupingBy(key, LinkedHashMap::new, toList()));
  }

  private static List<PodFacts> podFacts(List<PodSeen> seen) {
    return seen.stream()
        .collect(groupingBy(PodSeen::uid, LinkedHashMap::new, toList()))
        .values()
        .stream()
        .map(PodFacts::of)
        .toList();
  }

  History history() {
    return history;
  }

  List<RequestFacts> requests() {
    return requests;
  }

  /** Whether a fault explains that a reply is sent again between two times. */
  boolean mayRepeatReplies(Instant first, Instant last) {
    return isAround(FaultKind::mayRepeatReplies, REPEATED_WITHIN, first, last);
  }

  /**
   * Whether possibly nobody saw that a Job of the request was deleted: then the Job is gone, and
   * its request with it.
   */
  boolean wasDeletedUnseen(RequestFacts request) {
    return request
        .times(Meddling.JOB_DELETED)
        .anyMatch(
            at -> isAround(FaultKind::mayBlindWorkers, BLIND_WITHIN, at, at.plus(BLIND_WITHIN)));
  }

  private boolean isAround(
      Predicate<FaultKind> which, Duration aftermath, Instant first, Instant last) {
    return faults.stream()
        .anyMatch(span ->
            which.test(span.kind())
                && !span.from().isAfter(last.plusSeconds(1))
                && (span.to().equals(Instant.MAX) || span.to().plus(aftermath).isAfter(first)));
  }
}
