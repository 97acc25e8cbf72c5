package mstc.cloud.worker.bootstrap.configuration;

import java.util.Locale;
import java.util.Optional;

/**
 * One key of the tree.
 *
 * @param defaultValue its value where none is given; empty where there is none, or where it depends
 *     on other keys
 * @param documentedDefault the default as the documentation shows it
 * @param firstVersionVariable the variable that the first version of the worker read it from
 * @param description one sentence for whoever sets it
 */
record Parameter<T>(
    String name,
    ValueType<T> type,
    Optional<T> defaultValue,
    String documentedDefault,
    Optional<String> firstVersionVariable,
    String description) {

  /** A key without a default. */
  static <T> Parameter<T> of(String name, ValueType<T> type, String description) {
    return new Parameter<>(name, type, Optional.empty(), "none", Optional.empty(), description);
  }

  Parameter<T> withDefault(T value) {
    String printed = type.print(value);
    return new Parameter<>(
        name,
        type,
        Optional.of(value),
        printed.isEmpty() ? "none" : '`' + printed + '`',
        firstVersionVariable,
        description);
  }

  /** A default that depends on other keys, in words. */
  Parameter<T> withDerivedDefault(String documented) {
    return new Parameter<>(
        name, type, Optional.empty(), documented, firstVersionVariable, description);
  }

  Parameter<T> readBeforeFrom(String variable) {
    return new Parameter<>(
        name, type, defaultValue, documentedDefault, Optional.of(variable), description);
  }

  /** {@code MSTC_WORK_QUEUE_HOST} for {@code mstc.work-queue.host}. */
  String variable() {
    return name.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
  }

  /** For the records of the tree, which hold no value that could not have been configured. */
  void require(T value) {
    if (!type.allows(value)) {
      throw new IllegalArgumentException(
          "%s must be %s, but is %s".formatted(name, type.allowed(), type.print(value)));
    }
  }
}
