package mstc.cloud.worker.bootstrap.configuration;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationReport.Entry;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * The values in force, typed. A value that is not allowed is a problem, and the key's default
 * replaces it, so that reading goes on to the next problem. Only keys that the reader was given are
 * accepted; any other is refused with an {@link IllegalArgumentException}.
 */
public final class ConfigurationValues {
  private final Map<String, String> environment;
  private final Map<String, GivenValue> given;
  private final List<String> problems;
  private final List<String> warnings;
  private final Map<String, Optional<?>> typed = new HashMap<>();
  private final SortedMap<String, Entry> inForce = new TreeMap<>();

  /**
   * @param given the highest source's value of each key
   * @param problems takes a line for every value that is not allowed
   * @param warnings takes a line for what has no effect
   */
  ConfigurationValues(
      KnownKeys keys,
      Map<String, String> environment,
      Map<String, GivenValue> given,
      List<String> problems,
      List<String> warnings) {
    this.environment = environment;
    this.given = given;
    this.problems = problems;
    this.warnings = warnings;
    keys.all().forEach(this::read);
  }

  private <T> void read(Key<T> key) {
    GivenValue value = given.get(key.name());
    Optional<T> ofSource = value == null ? Optional.empty() : typed(key, value);
    typed.put(key.name(), ofSource);
    inForce.put(key.name(), Entry.notSet(key.name()));
    ofSource
        .or(key::defaultValue)
        .ifPresent(inEffect -> show(key, inEffect, origin(key).description()));
  }

  /** Whether any source has a value for the key, even one that is not allowed. */
  public boolean isGiven(Key<?> key) {
    return given.containsKey(key.name());
  }

  /** The key, and where its value came from. */
  public String nameWithOrigin(Key<?> key) {
    return "%s (%s)".formatted(key.name(), origin(key));
  }

  /** The value of a key that has a default. */
  public <T> T value(Key<T> key) {
    return optional(key).or(key::defaultValue).orElseThrow();
  }

  /** The value of a key whose default depends on other keys. */
  public <T> T valueOr(Key<T> key, T derived) {
    Optional<T> value = optional(key);
    if (value.isEmpty()) {
      show(key, derived, Origin.DEFAULT.description());
    }
    return value.orElse(derived);
  }

  /** The value that is given for a key. */
  @SuppressWarnings("unchecked") // read() stores a value of the key's type under the key's name.
  public <T> Optional<T> optional(Key<T> key) {
    Optional<?> value = typed.get(key.name());
    if (value == null) {
      throw new IllegalArgumentException(key.name() + " is of no section that is read");
    }
    return (Optional<T>) value;
  }

  /** As {@link #optional}, with a warning if it is given and the switch it needs is off. */
  public <T> Optional<T> optionalWith(Key<Boolean> enabled, Key<T> key) {
    Optional<T> value = optional(key);
    if (value.isPresent() && !value(enabled)) {
      warn("%s has no effect, as %s is false".formatted(nameWithOrigin(key), enabled.name()));
    }
    return value;
  }

  /** Uses the value of another key for this one, and reports it as such. */
  public <T> T borrowed(Key<T> key, Key<T> lender) {
    T value = value(lender);
    show(key, value, "as %s, %s".formatted(lender.name(), origin(lender)));
    return value;
  }

  /** A variable that belongs to no key; an empty one counts as not set. */
  public Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(text -> !text.isEmpty());
  }

  /**
   * Adds a problem, so that reading fails at its end.
   *
   * @param line names the key and contains no secret
   */
  public void problem(String line) {
    problems.add(line);
  }

  /**
   * Adds a warning.
   *
   * @param line names the key and contains no secret
   */
  public void warn(String line) {
    warnings.add(line);
  }

  /** A file written with echo ends with a line break, and so does a variable set from it. */
  public void warnOfBlankEnds(Key<Secret> key) {
    Optional.ofNullable(given.get(key.name()))
        .flatMap(GivenValue::scalar)
        .filter(text -> !text.equals(text.strip()))
        .ifPresent(_ ->
            warn(
                "%s begins or ends with a blank or a line break, which is taken as part of it"
                    .formatted(nameWithOrigin(key))));
  }

  ConfigurationReport report() {
    return new ConfigurationReport(List.copyOf(inForce.values()));
  }

  private Origin origin(Key<?> key) {
    GivenValue value = given.get(key.name());
    return value == null ? Origin.DEFAULT : value.origin();
  }

  private <T> void show(Key<T> key, T value, String origin) {
    inForce.put(key.name(), new Entry(key.name(), key.type().print(value), origin));
  }

  private <T> Optional<T> typed(Key<T> key, GivenValue value) {
    return switch (key.type()) {
      case ValueType.Scalar<T> scalar -> scalar(key, scalar, value);
      case ValueType.Structured<T> structured -> structured(key, structured, value);
    };
  }

  private <T> Optional<T> scalar(Key<T> key, ValueType.Scalar<T> type, GivenValue value) {
    Optional<String> text = value.scalar();
    Optional<T> typed = text.flatMap(type::parse);
    if (typed.isEmpty()) {
      problem(
          "%s must be %s, but is %s"
              .formatted(
                  nameWithOrigin(key),
                  type.allowed(),
                  text.map(type::quote).orElseGet(value::kind)));
    }
    return typed;
  }

  private <T> Optional<T> structured(Key<T> key, ValueType.Structured<T> type, GivenValue value) {
    return switch (value) {
      case GivenValue.Tree tree ->
          Optional.of(
              type.read(
                  tree.node(),
                  (part, problem) ->
                      problem("%s (%s) %s".formatted(key.name(), tree.originOf(part), problem))));
      case GivenValue.Text text -> structured(key, type, text);
    };
  }

  private <T> Optional<T> structured(
      Key<T> key, ValueType.Structured<T> type, GivenValue.Text value) {
    try {
      return YamlText.compose(value.text())
          .map(node ->
              type.read(
                  node,
                  (part, problem) -> problem("%s %s".formatted(nameWithOrigin(key), problem))));
    } catch (YamlEngineException notYaml) {
      problem(
          "%s must be %s, but is not YAML: %s"
              .formatted(nameWithOrigin(key), type.allowed(), YamlText.problem(notYaml)));
      return Optional.empty();
    }
  }
}
