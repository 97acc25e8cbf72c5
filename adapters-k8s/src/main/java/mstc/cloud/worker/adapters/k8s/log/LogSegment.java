package mstc.cloud.worker.adapters.k8s.log;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A piece of one pod's log in the object store, fully described by its name. Each names the one
 * before it, so that pieces that two workers wrote at the same time are never mixed.
 *
 * @param number grows along a chain: the highest is the newest
 * @param writer identifies the worker that wrote it
 * @param from how many bytes of the log are before it
 * @param to where it ends
 * @param before the {@link #id} of the one before it; empty if it begins the log
 */
record LogSegment(int number, String writer, long from, long to, Optional<String> before) {
  private static final String BEGIN = "begin";
  private static final Pattern NAME =
      Pattern.compile("(\\d{1,9})\\.([0-9a-z]+)_(\\d{1,18})_(\\d{1,18})_([0-9a-z.]+)");

  /** Empty if it is not the name of a segment. */
  static Optional<LogSegment> parse(String name) {
    Matcher matcher = NAME.matcher(name);
    return matcher.matches()
        ? Optional.of(
            new LogSegment(
                Integer.parseInt(matcher.group(1)),
                matcher.group(2),
                Long.parseLong(matcher.group(3)),
                Long.parseLong(matcher.group(4)),
                Optional.of(matcher.group(5)).filter(id -> !id.equals(BEGIN))))
        : Optional.empty();
  }

  String name() {
    return "%s_%d_%d_%s".formatted(id(), from, to, before.orElse(BEGIN));
  }

  String id() {
    return number + "." + writer;
  }

  long bytes() {
    return to - from;
  }

  /** The newest chain of segments that begins at the log's beginning; empty if there is none. */
  static List<LogSegment> newestChain(Collection<LogSegment> segments) {
    Map<String, LogSegment> byId = new HashMap<>();
    segments.forEach(segment -> byId.put(segment.id(), segment));
    return segments.stream()
        .sorted(
            Comparator.comparingInt(LogSegment::number)
                .thenComparingLong(LogSegment::to)
                .reversed())
        .map(newest -> chain(newest, byId))
        .filter(chain -> !chain.isEmpty())
        .findFirst()
        .orElse(List.of());
  }

  private static List<LogSegment> chain(LogSegment newest, Map<String, LogSegment> byId) {
    Deque<LogSegment> chain = new ArrayDeque<>();
    chain.add(newest);
    while (chain.getFirst().before().isPresent()) {
      LogSegment next = chain.getFirst();
      LogSegment before = byId.get(next.before().get());
      if (before == null || before.to() != next.from() || before.number() >= next.number()) {
        return List.of();
      }
      chain.addFirst(before);
    }
    return chain.getFirst().from() == 0 ? List.copyOf(chain) : List.of();
  }
}
