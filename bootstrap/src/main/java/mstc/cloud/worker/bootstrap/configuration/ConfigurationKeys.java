package mstc.cloud.worker.bootstrap.configuration;

import java.util.stream.Collectors;

/** The documentation of every key, made from what the reader itself uses. */
public final class ConfigurationKeys {
  private static final String HEAD =
      """
      | Key | Default | Allowed | Meaning |
      | --- | --- | --- | --- |
      """;

  private ConfigurationKeys() {}

  /**
   * A Markdown table with a row for each key. It leaves out a key's variable, which follows from
   * its name, but not the first version's.
   */
  public static String toMarkdown(Section section) {
    return section.keys().stream()
        .map(ConfigurationKeys::row)
        .collect(Collectors.joining("", HEAD, ""));
  }

  private static String row(Key<?> key) {
    String firstVersion =
        key.firstVersionVariable()
            .map(variable -> " First version's variable: `" + variable + "`.")
            .orElse("");
    return "| `%s` | %s | %s | %s%s |\n"
        .formatted(
            key.name(),
            key.documentedDefault(),
            key.type().allowed().replace("|", "\\|"),
            key.meaning(),
            firstVersion);
  }
}
