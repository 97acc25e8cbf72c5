package mstc.cloud.worker.bootstrap.cli;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that give every command its configuration. */
public final class ConfigurationOptions {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "A YAML file with the tree mstc.*; environment variables count more.")
  private @Nullable Path file;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A configuration value, such as mstc.http.port=9090; counts most.")
  private Map<String, String> values = new LinkedHashMap<>();

  /** Where the configuration comes from. */
  public ConfigurationSources sources() {
    return sources(Map.of());
  }

  /**
   * Where the configuration comes from.
   *
   * @param given values that override the file and the environment, but not {@code --set}
   */
  public ConfigurationSources sources(Map<String, String> given) {
    Map<String, String> overrides = new HashMap<>(given);
    overrides.putAll(values);
    return new ConfigurationSources(overrides, System.getenv(), Optional.ofNullable(file));
  }
}
