package mstc.cloud.worker.bootstrap.configuration;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import mstc.cloud.worker.domain.PrintableText;

/**
 * Reads a configuration.
 *
 * <p>Values are taken literally: neither <code>$</code> nor {@code \} nor a comma has a meaning in
 * them. A relative path is relative to the working directory, even in the file. A first version's
 * variable counts as the variable of its key; it is overridden by that one, and overrides the file.
 */
public final class ConfigurationReader {
  private ConfigurationReader() {}

  /**
   * Blocks while it reads the file; checks the certificates named, and nothing else outside.
   *
   * @param section has all keys
   * @param settings creates the configuration from their values; is called once, even if there are
   *     problems
   * @throws ConfigurationException with every problem
   */
  public static <C> LoadedConfiguration<C> read(
      ConfigurationSources sources, Section section, Function<ConfigurationValues, C> settings) {
    List<String> problems = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    KnownKeys keys = new KnownKeys(section.keys());
    Map<String, GivenValue> given = new HashMap<>();
    sources.file().ifPresent(file -> given.putAll(YamlFile.read(file, keys, problems)));
    given.putAll(EnvironmentVariables.read(sources.environment(), warnings, keys));
    given.putAll(overrides(sources, keys, problems));
    ConfigurationValues values =
        new ConfigurationValues(keys, sources.environment(), given, problems, warnings);
    C configuration = settings.apply(values);
    if (!problems.isEmpty()) {
      throw new ConfigurationException(problems);
    }
    return new LoadedConfiguration<>(configuration, warnings, values.report());
  }

  private static Map<String, GivenValue> overrides(
      ConfigurationSources sources, KnownKeys keys, List<String> problems) {
    Map<String, GivenValue> values = new HashMap<>();
    new TreeMap<>(sources.overrides())
        .forEach((name, text) -> {
          if (keys.isKey(name)) {
            values.put(name, new GivenValue.Text(text, Origin.OVERRIDE));
          } else {
            problems.add(
                "%s (%s) is not a key%s"
                    .formatted(
                        PrintableText.oneLine(name, 120),
                        Origin.OVERRIDE,
                        keys.suggestionFor(name)));
          }
        });
    return values;
  }
}
