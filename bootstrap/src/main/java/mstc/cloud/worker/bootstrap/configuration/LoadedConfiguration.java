package mstc.cloud.worker.bootstrap.configuration;

import java.util.List;

/**
 * A configuration that can be used, and the warnings about it.
 *
 * @param warnings one line each, without secrets: what was ignored or has no effect; to be logged
 *     once logging is set up
 */
public record LoadedConfiguration<C>(
    C configuration, List<String> warnings, ConfigurationReport report) {

  public LoadedConfiguration {
    warnings = List.copyOf(warnings);
  }
}
