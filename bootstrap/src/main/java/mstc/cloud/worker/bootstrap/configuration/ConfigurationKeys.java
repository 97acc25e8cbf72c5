package mstc.cloud.worker.bootstrap.configuration;

import java.util.stream.Collectors;

/** The documentation of every key, made from what the reader itself goes by. */
public final class ConfigurationKeys {
  private static final String HEAD =
      """
      | Key | Default | Allowed | Meaning |
      | --- | --- | --- | --- |
      """;

  private ConfigurationKeys() {}

  /**
   * A Markdown table with a row for each key. A key's variable is not listed, as it follows from
   * its name; the first version's is.
   */
  public static String toMarkdown() {
    return Parameters.ALL.stream()
        .map(ConfigurationKeys::row)
        .collect(Collectors.joining("", HEAD, ""));
  }

  private static String row(Parameter<?> parameter) {
    String firstVersion =
        parameter
            .firstVersionVariable()
            .map(variable -> " First version's variable: `" + variable + "`.")
            .orElse("");
    return "| `%s` | %s | %s | %s%s |\n"
        .formatted(
            parameter.name(),
            parameter.documentedDefault(),
            parameter.type().allowed().replace("|", "\\|"),
            parameter.description(),
            firstVersion);
  }
}
