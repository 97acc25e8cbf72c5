package mstc.cloud.worker.bootstrap.configuration;

import java.io.ByteArrayInputStream;
import java.util.Optional;
import mstc.cloud.worker.domain.PrintableText;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * One YAML document as its tree of nodes. Unlike the maps that a loader makes of them, nodes know
 * their line, keep duplicate keys and contain every scalar as it was written.
 */
public final class YamlText {
  /** A configuration needs few; many nested ones would grow without bound. */
  private static final int MAX_ALIASES_OF_COLLECTIONS = 10;

  private static final int MAX_PROBLEM_LENGTH = 300;

  private YamlText() {}

  /**
   * @param bytes UTF-8, also with a byte order mark, or UTF-16 with one
   * @return empty for a document that contains nothing but comments
   * @throws YamlEngineException if it is none, is more than one, or is too large
   */
  static Optional<Node> compose(byte[] bytes) {
    return new Compose(settings())
        .composeInputStream(new ByteArrayInputStream(bytes))
        .filter(node -> !isNull(node));
  }

  /** As {@link #compose(byte[])}. */
  static Optional<Node> compose(String text) {
    return new Compose(settings()).composeString(text).filter(node -> !isNull(node));
  }

  /** Of all schemas only this one leaves every scalar a text. */
  private static LoadSettings settings() {
    return LoadSettings.builder().setMaxAliasesForCollections(MAX_ALIASES_OF_COLLECTIONS).build();
  }

  /** As YAML defines it, but not if it is quoted. */
  static boolean isNull(Node node) {
    return node instanceof ScalarNode scalar
        && scalar.isPlain()
        && !hasForeignTag(node)
        && switch (scalar.getValue()) {
          case "", "~", "null", "Null", "NULL" -> true;
          default -> false;
        };
  }

  /** A scalar's text as it was written; empty for anything else, and for no value. */
  public static Optional<String> plainText(Node node) {
    return node instanceof ScalarNode scalar && !isNull(node)
        ? Optional.of(scalar.getValue())
        : Optional.empty();
  }

  /**
   * Whether a custom tag would silently be cut off the value: {@code !value}. A plain <code>
   * ${X}</code> is tagged too, by the parser itself, and is ordinary text here.
   */
  static boolean hasForeignTag(Node node) {
    return !node.getTag().getValue().startsWith(Tag.PREFIX) && !Tag.ENV_TAG.equals(node.getTag());
  }

  /** The first line is 1. */
  static int line(Node node) {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
  }

  /** The first line is 1; empty if the whole text is refused. */
  static Optional<Integer> line(YamlEngineException exception) {
    return exception instanceof MarkedYamlEngineException marked
        ? marked.getProblemMark().or(marked::getContextMark).map(mark -> mark.getLine() + 1)
        : Optional.empty();
  }

  /** What is wrong, on one line and without the surrounding text, which may be a secret. */
  static String problem(YamlEngineException exception) {
    if (!(exception instanceof MarkedYamlEngineException marked)) {
      return PrintableText.oneLine(String.valueOf(exception.getMessage()), MAX_PROBLEM_LENGTH);
    }
    String problem = marked.getProblem();
    for (String quoting : new String[] {"found undefined alias", "found undefined tag handle"}) {
      if (problem.startsWith(quoting)) {
        return quoting + "; a value that begins with * or ! must be in quotes";
      }
    }
    String context = marked.getContext() == null ? "" : marked.getContext() + ", ";
    return PrintableText.oneLine(context + problem, MAX_PROBLEM_LENGTH);
  }
}
