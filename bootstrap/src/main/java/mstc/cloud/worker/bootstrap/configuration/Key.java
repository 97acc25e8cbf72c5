package mstc.cloud.worker.bootstrap.configuration;

import java.util.Locale;
import java.util.Optional;

/**
 * One key of a tree, declared in a {@link Section}.
 *
 * @param name its sections and its own name, in lower case and separated by dots
 * @param defaultValue its value if none is given; empty if there is none, or if it depends on other
 *     keys
 * @param documentedDefault the default as the documentation shows it
 * @param firstVersionVariable the variable that the first version of the worker read it from
 * @param meaning one sentence for the people who set it
 */
public record Key<T>(
    String name,
    ValueType<T> type,
    Optional<T> defaultValue,
    String documentedDefault,
    Optional<String> firstVersionVariable,
    String meaning) {

  /**
   * @throws IllegalArgumentException for a default that could not be given
   */
  public Key {
    defaultValue
        .filter(value -> !type.allows(value))
        .ifPresent(value -> {
          throw new IllegalArgumentException(
              "%s must be %s, but is %s".formatted(name, type.allowed(), type.print(value)));
        });
  }

  /** {@code MSTC_WORK_QUEUE_HOST} for {@code mstc.work-queue.host}. */
  public String variable() {
    return variable(name);
  }

  /** As {@link #variable()}, also for a section. */
  static String variable(String name) {
    return name.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
  }
}
