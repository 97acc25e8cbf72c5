package mstc.cloud.worker.bootstrap.configuration;

import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import mstc.cloud.worker.domain.PrintableText;
import org.snakeyaml.engine.v2.nodes.Node;

/** How a value is written, which ones are allowed, and how it is shown. */
public sealed interface ValueType<T> {
  /** What is allowed, as the end of a sentence that begins with "must be". */
  String allowed();

  /** Whether the value could be given. */
  boolean allows(T value);

  /** The value as it would be written in the file, on one line; stars for a secret. */
  String print(T value);

  /** A value written as one piece of text. */
  record Scalar<T>(
      String allowed, Function<String, Optional<T>> parser, Predicate<T> range, Printer<T> printer)
      implements ValueType<T> {

    /** Empty if the text is no such value, or one that is not allowed. */
    public Optional<T> parse(String text) {
      return parser.apply(text).filter(range);
    }

    @Override
    public boolean allows(T value) {
      return range.test(value);
    }

    @Override
    public String print(T value) {
      return printer.ofValue().apply(value);
    }

    /** A refused text, as far as it may be shown. */
    public String quote(String refused) {
      return printer.ofRefused().apply(refused);
    }
  }

  /** A value with an inner structure, which is written as YAML (or JSON) outside a file, too. */
  non-sealed interface Structured<T> extends ValueType<T> {
    /** The value, without what is wrong in it, which goes to {@code problems}. */
    T read(Node node, NodeProblems problems);
  }

  /** Takes what is wrong with a node, as the rest of a line that begins with the key. */
  @FunctionalInterface
  interface NodeProblems {
    void add(Node node, String problem);
  }

  /** How a value, and a text that is not one, are shown. */
  record Printer<T>(Function<T, String> ofValue, Function<String, String> ofRefused) {
    /** For values that are not secret. */
    public static <T> Printer<T> plain(Function<T, String> ofValue) {
      return new Printer<>(ofValue, PrintableText::quote);
    }
  }
}
