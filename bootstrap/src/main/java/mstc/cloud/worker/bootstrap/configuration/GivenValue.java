package mstc.cloud.worker.bootstrap.configuration;

import java.nio.file.Path;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.Node;

/** What a source has for a key, before it is checked. */
sealed interface GivenValue {
  Origin origin();

  /** From an override or a variable. */
  record Text(String text, Origin origin) implements GivenValue {}

  /** From a file. */
  record Tree(Node node, Path file) implements GivenValue {
    @Override
    public Origin origin() {
      return Origin.line(file, YamlText.line(node));
    }
  }

  /** Where a part of this value came from. */
  default Origin originOf(Node part) {
    return this instanceof Tree tree ? Origin.line(tree.file(), YamlText.line(part)) : origin();
  }

  /** Its text; empty for a list, a section or a scalar with a tag. */
  default Optional<String> scalar() {
    return switch (this) {
      case Text given -> Optional.of(given.text());
      case Tree tree ->
          YamlText.hasForeignTag(tree.node()) ? Optional.empty() : YamlText.plainText(tree.node());
    };
  }

  /** What it is if it is not a scalar, in words. */
  default String kind() {
    return switch (this) {
      case Text _ -> "a text";
      case Tree(Node node, Path _) ->
          switch (node.getNodeType()) {
            case SEQUENCE -> "a list";
            case MAPPING -> "a section";
            case SCALAR, ANCHOR ->
                "a value with a YAML tag (one that begins with ! must be in quotes)";
          };
    };
  }
}
