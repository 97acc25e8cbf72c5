package mstc.cloud.worker.bootstrap.configuration;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Everything a configuration is read from, highest first; system properties are not a source.
 *
 * @param overrides values by key, such as {@code mstc.http.port}, from a command line or an
 *     assembly that starts its own services
 * @param environment the process's variables: {@code MSTC_HTTP_PORT} for {@code mstc.http.port};
 *     below them the first version's, such as {@code WORK_QUEUE_HOST}. An empty one counts as not
 *     set.
 * @param file a YAML file; keys that it does not contain have their defaults
 */
public record ConfigurationSources(
    Map<String, String> overrides, Map<String, String> environment, Optional<Path> file) {

  public ConfigurationSources {
    overrides = Map.copyOf(overrides);
    environment = Map.copyOf(environment);
  }

  /** Only the variables of an environment. */
  public static ConfigurationSources ofEnvironment(Map<String, String> environment) {
    return new ConfigurationSources(Map.of(), environment, Optional.empty());
  }

  public ConfigurationSources withOverrides(Map<String, String> newOverrides) {
    return new ConfigurationSources(newOverrides, environment, file);
  }

  public ConfigurationSources withFile(Path newFile) {
    return new ConfigurationSources(overrides, environment, Optional.of(newFile));
  }
}
