package mstc.cloud.worker.bootstrap.configuration;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Keys that belong together, each declared once, by the field that holds it. A subclass has a
 * method that creates settings from their {@link ConfigurationValues}.
 */
public abstract class Section {
  private final List<Key<?>> keys = new ArrayList<>();

  /**
   * Begins to declare a key without a default; its meaning completes that. The {@link
   * ConfigurationReader} only knows declared keys.
   *
   * @param name its sections and its own name, in lower case and separated by dots
   */
  protected final <T> Declaration<T> key(String name, ValueType<T> type) {
    return new Declaration<>(name, type, Optional.empty(), "none");
  }

  /** As {@link #key(String, ValueType)}, with its value if none is given. */
  protected final <T> Declaration<T> key(String name, ValueType<T> type, T defaultValue) {
    String printed = type.print(defaultValue);
    return new Declaration<>(
        name, type, Optional.of(defaultValue), printed.isEmpty() ? "none" : '`' + printed + '`');
  }

  /** Declares all keys of another section. */
  protected final <S extends Section> S section(S other) {
    keys.addAll(other.keys());
    return other;
  }

  /** In the order of declaration, which is that of the documentation. */
  public final List<Key<?>> keys() {
    return List.copyOf(keys);
  }

  /** A key that is being declared. */
  protected final class Declaration<T> {
    private final String name;
    private final ValueType<T> type;
    private final Optional<T> defaultValue;
    private String documentedDefault;
    private Optional<String> firstVersionVariable = Optional.empty();

    private Declaration(
        String name, ValueType<T> type, Optional<T> defaultValue, String documentedDefault) {
      this.name = name;
      this.type = type;
      this.defaultValue = defaultValue;
      this.documentedDefault = documentedDefault;
    }

    /** A default that depends on other keys, in words. */
    public Declaration<T> withDerivedDefault(String documented) {
      documentedDefault = documented;
      return this;
    }

    /** One more variable that it is read from, overridden by its own. */
    public Declaration<T> readBeforeFrom(String variable) {
      firstVersionVariable = Optional.of(variable);
      return this;
    }

    /**
     * Declares it.
     *
     * @param sentence for the people who set it
     * @throws IllegalArgumentException if its default could not be given
     */
    public Key<T> meaning(String sentence) {
      Key<T> key =
          new Key<>(name, type, defaultValue, documentedDefault, firstVersionVariable, sentence);
      keys.add(key);
      return key;
    }
  }
}
