package mstc.cloud.worker.bootstrap.configuration;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** Every key in force, sorted, each with its value and its origin. */
public record ConfigurationReport(List<Entry> entries) {
  private static final String NOT_SET = "(not set)";

  public ConfigurationReport {
    entries = entries.stream().sorted(Comparator.comparing(Entry::key)).toList();
  }

  /**
   * One key in force.
   *
   * @param value as it would be written in the file, four stars for a secret
   * @param origin {@code default}, {@code override}, the file and line, or the variable's name
   */
  public record Entry(String key, String value, String origin) {
    static Entry notSet(String key) {
      return new Entry(key, NOT_SET, Origin.DEFAULT.description());
    }
  }

  /** A line for each key: {@code key = value (origin)}; ends with a line break. */
  public String toText() {
    int width = entries.stream().mapToInt(entry -> entry.key().length()).max().orElse(1);
    String line = "%-" + width + "s = %s  (%s)%n";
    return entries.stream()
        .map(entry -> line.formatted(entry.key(), entry.value(), entry.origin()))
        .collect(Collectors.joining());
  }
}
