package mstc.cloud.worker.bootstrap.configuration;

import java.util.Collection;
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

  private final Map<String, Key<?>> keys = new LinkedHashMap<>();
  private final Set<String> sections = new LinkedHashSet<>();

  /**
   * @throws IllegalArgumentException if a key is declared twice
   */
  KnownKeys(Iterable<Key<?>> all) {
    for (Key<?> key : all) {
      String name = key.name();
      if (keys.put(name, key) != null) {
        throw new IllegalArgumentException(name + " is declared twice");
      }
      for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
        sections.add(name.substring(0, dot));
      }
    }
  }

  /** In the order in which they were declared. */
  Collection<Key<?>> all() {
    return keys.values();
  }

  boolean isKey(String name) {
    return keys.containsKey(name);
  }

  boolean isSection(String name) {
    return sections.contains(name);
  }

  /** Whether a variable has a name like those of the keys: {@code MSTC_…} for {@code mstc.…}. */
  boolean ownsVariable(String variable) {
    return sections.stream()
        .filter(section -> section.indexOf('.') < 0)
        .anyMatch(root -> variable.startsWith(Key.variable(root) + '_'));
  }

  /** {@code "; did you mean …?"}, or nothing if no name is similar. */
  String suggestionFor(String unknown) {
    return nearest(unknown, Stream.concat(keys.keySet().stream(), sections.stream()));
  }

  /** As {@link #suggestionFor}, among the names of variables. */
  String variableSuggestionFor(String unknown) {
    return nearest(unknown, keys.values().stream().map(Key::variable));
  }

  private static String nearest(String unknown, Stream<String> names) {
    Optional<String> nearest =
        names
            .filter(name -> Math.abs(name.length() - unknown.length()) <= MAX_TYPING_ERRORS)
            .min(Comparator.comparingInt(name -> distance(name, unknown)))
            .filter(name -> distance(name, unknown) <= MAX_TYPING_ERRORS);
    return nearest.map(name -> "; did you mean " + name + "?").orElse("");
  }

  /** Levenshtein's: how many letters are missing, added or replaced, ignoring case. */
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
