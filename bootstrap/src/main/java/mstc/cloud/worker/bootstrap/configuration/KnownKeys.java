package mstc.cloud.worker.bootstrap.configuration;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The names of the tree: keys, and the sections they are in. */
final class KnownKeys {
  private static final int MAX_TYPING_ERRORS = 3;

  private final Map<String, Parameter<?>> parameters = new LinkedHashMap<>();
  private final Set<String> sections = new LinkedHashSet<>();

  KnownKeys(Iterable<Parameter<?>> all) {
    for (Parameter<?> parameter : all) {
      String name = parameter.name();
      parameters.put(name, parameter);
      for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
        sections.add(name.substring(0, dot));
      }
    }
  }

  boolean isKey(String name) {
    return parameters.containsKey(name);
  }

  boolean isSection(String name) {
    return sections.contains(name);
  }

  /** {@code "; did you mean …?"}, or nothing where no name comes close. */
  String suggestionFor(String unknown) {
    return nearest(unknown, Stream.concat(parameters.keySet().stream(), sections.stream()));
  }

  /** As {@link #suggestionFor}, among the names of variables. */
  String variableSuggestionFor(String unknown) {
    return nearest(unknown, parameters.values().stream().map(Parameter::variable));
  }

  private static String nearest(String unknown, Stream<String> names) {
    Optional<String> nearest =
        names
            .filter(name -> Math.abs(name.length() - unknown.length()) <= MAX_TYPING_ERRORS)
            .min(Comparator.comparingInt(name -> distance(name, unknown)))
            .filter(name -> distance(name, unknown) <= MAX_TYPING_ERRORS);
    return nearest.map(name -> "; did you mean " + name + "?").orElse("");
  }

  /**
   * Levenshtein's: how many letters were left out, added or mistaken; upper case counts as lower.
   */
  private static int distance(String left, String right) {
    int[] previous = new int[right.length() + 1];
    for (int column = 0; column <= right.length(); column++) {
      previous[column] = column;
    }
    for (int row = 1; row <= left.length(); row++) {
      int[] current = new int[right.length() + 1];
      current[0] = row;
      for (int column = 1; column <= right.length(); column++) {
        boolean same =
            Character.toLowerCase(left.charAt(row - 1))
                == Character.toLowerCase(right.charAt(column - 1));
        current[column] =
            Math.min(
                previous[column - 1] + (same ? 0 : 1),
                1 + Math.min(previous[column], current[column - 1]));
      }
      previous = current;
    }
    return previous[right.length()];
  }
}
