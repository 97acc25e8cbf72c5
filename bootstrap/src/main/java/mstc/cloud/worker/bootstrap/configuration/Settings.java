package mstc.cloud.worker.bootstrap.configuration;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationReport.Entry;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * The values in force, typed. A value that is not allowed becomes a problem, and the key's default
 * stands in for it, so that reading goes on to the next problem.
 */
final class Settings {
  private final Map<String, GivenValue> given;
  private final List<String> problems;
  private final SortedMap<String, Entry> inForce = new TreeMap<>();

  /**
   * @param given the highest source's value of each key
   * @param problems takes a line for every value that is not allowed
   */
  Settings(Map<String, GivenValue> given, List<String> problems) {
    this.given = given;
    this.problems = problems;
  }

  boolean isGiven(Parameter<?> parameter) {
    return given.containsKey(parameter.name());
  }

  Optional<String> givenText(Parameter<?> parameter) {
    return Optional.ofNullable(given.get(parameter.name())).flatMap(GivenValue::scalar);
  }

  /** The key, and where its value came from. */
  String nameWithOrigin(Parameter<?> parameter) {
    return "%s (%s)".formatted(parameter.name(), origin(parameter));
  }

  Origin origin(Parameter<?> parameter) {
    GivenValue value = given.get(parameter.name());
    return value == null ? Origin.DEFAULT : value.origin();
  }

  /** The value of a key that always has one. */
  <T> T value(Parameter<T> parameter) {
    return valueOr(parameter, parameter.defaultValue().orElseThrow());
  }

  /** The value of a key whose default depends on other keys. */
  <T> T valueOr(Parameter<T> parameter, T derived) {
    return optional(parameter)
        .orElseGet(() -> {
          show(parameter, derived, Origin.DEFAULT);
          return derived;
        });
  }

  /** The value of a key that may have none. */
  <T> Optional<T> optional(Parameter<T> parameter) {
    GivenValue value = given.get(parameter.name());
    Optional<T> typed = value == null ? Optional.empty() : read(parameter, value);
    if (typed.isPresent()) {
      show(parameter, typed.get(), origin(parameter));
    } else {
      inForce.put(parameter.name(), Entry.notSet(parameter.name()));
    }
    return typed;
  }

  /** Records what was derived, where it is not what {@link #valueOr} already knows. */
  <T> void show(Parameter<T> parameter, T value, Origin origin) {
    inForce.put(
        parameter.name(),
        new Entry(parameter.name(), parameter.type().print(value), origin.description()));
  }

  ConfigurationReport report() {
    return new ConfigurationReport(List.copyOf(inForce.values()));
  }

  private <T> Optional<T> read(Parameter<T> parameter, GivenValue value) {
    return switch (parameter.type()) {
      case ValueType.Scalar<T> scalar -> readScalar(parameter, scalar, value);
      case ValueType.Structured<T> structured -> readStructured(parameter, structured, value);
    };
  }

  private <T> Optional<T> readScalar(
      Parameter<T> parameter, ValueType.Scalar<T> type, GivenValue value) {
    Optional<String> text = value.scalar();
    Optional<T> typed = text.flatMap(type::parse);
    if (typed.isEmpty()) {
      problems.add(
          "%s must be %s, but is %s"
              .formatted(
                  nameWithOrigin(parameter),
                  type.allowed(),
                  text.map(type::quote).orElseGet(value::kind)));
    }
    return typed;
  }

  private <T> Optional<T> readStructured(
      Parameter<T> parameter, ValueType.Structured<T> type, GivenValue value) {
    return switch (value) {
      case GivenValue.Tree tree ->
          Optional.of(
              type.read(
                  tree.node(),
                  (part, problem) ->
                      problems.add(
                          "%s (%s) %s".formatted(parameter.name(), tree.originOf(part), problem))));
      case GivenValue.Text text -> readStructured(parameter, type, text);
    };
  }

  private <T> Optional<T> readStructured(
      Parameter<T> parameter, ValueType.Structured<T> type, GivenValue.Text value) {
    try {
      return YamlText.compose(value.text())
          .map(node ->
              type.read(
                  node,
                  (part, problem) ->
                      problems.add("%s %s".formatted(nameWithOrigin(parameter), problem))));
    } catch (YamlEngineException notYaml) {
      problems.add(
          "%s must be %s, but is not YAML: %s"
              .formatted(nameWithOrigin(parameter), type.allowed(), YamlText.problem(notYaml)));
      return Optional.empty();
    }
  }
}
