package mstc.cloud.worker.bootstrap.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.PrintableText;
import tools.jackson.databind.JsonNode;

/** Shows jobs to people, one a line. */
final class JobTable {
  private static final List<String> HEADINGS =
      List.of("NAME", "STATE", "IMAGE", "AGE", "DURATION", "OUTCOME", "REASON");
  private static final int MAX_CELL_LENGTH = 200;
  private static final String NOTHING = "-";

  private JobTable() {}

  /**
   * Lines of equal columns, below their headings.
   *
   * @param jobs as the worker describes them
   * @param now for their ages
   */
  static List<String> of(List<JsonNode> jobs, Instant now) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEADINGS);
    jobs.forEach(job -> rows.add(cells(job, now)));
    int[] widths =
        IntStream.range(0, HEADINGS.size())
            .map(column -> rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0))
            .toArray();
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private static String line(List<String> row, int[] widths) {
    return IntStream.range(0, row.size())
        .mapToObj(column -> row.get(column) + " ".repeat(widths[column] - row.get(column).length()))
        .collect(Collectors.joining("  "))
        .stripTrailing();
  }

  /** A line about one job, for output to which lines are only added. */
  static String change(JsonNode job) {
    return Stream.of(text(job, "name"), state(job), text(job, "outcome"), reason(job))
        .flatMap(Optional::stream)
        .collect(Collectors.joining("  "));
  }

  private static List<String> cells(JsonNode job, Instant now) {
    Optional<Instant> started = time(job, "startedAt");
    Duration age = Duration.between(time(job, "createdAt").orElse(now), now);
    String duration =
        started
            .map(start -> shown(Duration.between(start, time(job, "finishedAt").orElse(now))))
            .orElse(NOTHING);
    return List.of(
        text(job, "name").orElse(NOTHING),
        state(job).orElse(NOTHING),
        text(job, "image").orElse(NOTHING),
        shown(age),
        duration,
        text(job, "outcome").orElse(NOTHING),
        reason(job).orElse(""));
  }

  private static Optional<String> text(JsonNode job, String property) {
    return Optional.of(PrintableText.oneLine(job.path(property).asString(""), MAX_CELL_LENGTH))
        .filter(text -> !text.isEmpty());
  }

  private static Optional<String> state(JsonNode job) {
    return text(job, "state").map(state -> state.toLowerCase(Locale.ROOT));
  }

  /** Why it waits, or why it did not succeed. */
  private static Optional<String> reason(JsonNode job) {
    Optional<String> outcome = text(job, "outcome");
    if (outcome.isPresent()) {
      return outcome.get().equals("SUCCEEDED")
          ? Optional.empty()
          : text(job, "result").map(result -> withoutName(result, job));
    }
    return job.path("cancelled").asBoolean(false)
        ? Optional.of("being cancelled")
        : text(job, "hint");
  }

  /** The name is in the row already. */
  private static String withoutName(String result, JsonNode job) {
    String beginning = "Job %s failed: ".formatted(job.path("name").asString(""));
    return result.startsWith(beginning) ? result.substring(beginning.length()) : result;
  }

  private static Optional<Instant> time(JsonNode job, String property) {
    return text(job, property).map(Instant::parse);
  }

  /** The two largest units. */
  private static String shown(Duration duration) {
    Duration positive = duration.isNegative() ? Duration.ZERO : duration;
    if (positive.toDays() > 0) {
      return positive.toDays() + "d" + positive.toHoursPart() + "h";
    }
    if (positive.toHours() > 0) {
      return positive.toHours() + "h" + positive.toMinutesPart() + "m";
    }
    return positive.toMinutes() > 0
        ? positive.toMinutes() + "m" + positive.toSecondsPart() + "s"
        : positive.toSeconds() + "s";
  }
}
