package mstc.cloud.worker.bootstrap.configuration;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.CatalogueEntry;
import mstc.cloud.worker.domain.PrintableText;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** The list of images and the commands that run in their place. */
final class CatalogueType implements ValueType.Structured<List<CatalogueEntry>> {
  private static final String IMAGE = "image";
  private static final String COMMAND = "command";

  @Override
  public String allowed() {
    return "a list of entries such as {image: \"*/solver:*\", command: [solver, --fast]}";
  }

  @Override
  public boolean allows(List<CatalogueEntry> value) {
    return true;
  }

  @Override
  public List<CatalogueEntry> read(Node node, NodeProblems problems) {
    List<CatalogueEntry> entries = new ArrayList<>();
    if (node instanceof SequenceNode list) {
      int number = 1;
      for (Node entry : list.getValue()) {
        readEntry("entry " + number, entry, problems).ifPresent(entries::add);
        number++;
      }
    } else {
      problems.add(node, "must be " + allowed());
    }
    return entries;
  }

  private static Optional<CatalogueEntry> readEntry(
      String entry, Node node, ValueType.NodeProblems problems) {
    if (!(node instanceof MappingNode mapping)) {
      problems.add(node, entry + " must have the keys image and command");
      return Optional.empty();
    }
    String image = "";
    List<String> command = List.of();
    Set<String> seen = new HashSet<>();
    for (NodeTuple tuple : mapping.getValue()) {
      String key = YamlText.plainText(tuple.getKeyNode()).orElse("");
      Node value = tuple.getValueNode();
      if (!seen.add(key)) {
        problems.add(tuple.getKeyNode(), entry + " has the key " + key + " twice");
      }
      switch (key) {
        case IMAGE -> image = YamlText.plainText(value).orElse("");
        case COMMAND -> command = words(value);
        default ->
            problems.add(
                tuple.getKeyNode(),
                "%s has the unknown key %s; it may have image and command"
                    .formatted(entry, PrintableText.quote(key)));
      }
    }
    if (image.isBlank()) {
      problems.add(node, entry + " must have an image, such as \"*/solver:*\"");
    }
    if (command.isEmpty() || command.getFirst().isBlank()) {
      problems.add(node, entry + " must have a command, a list of words such as [solver, --fast]");
    }
    return image.isBlank() || command.isEmpty() || command.getFirst().isBlank()
        ? Optional.empty()
        : Optional.of(new CatalogueEntry(image, command));
  }

  /** Empty unless every word is a text. */
  private static List<String> words(Node node) {
    if (!(node instanceof SequenceNode list)) {
      return List.of();
    }
    List<String> words =
        list.getValue().stream().map(YamlText::plainText).flatMap(Optional::stream).toList();
    return words.size() == list.getValue().size() ? words : List.of();
  }

  @Override
  public String print(List<CatalogueEntry> value) {
    return value.stream()
        .map(entry ->
            "{image: %s, command: [%s]}"
                .formatted(
                    quote(entry.image()),
                    entry.command().stream()
                        .map(CatalogueType::quote)
                        .collect(Collectors.joining(", "))))
        .collect(Collectors.joining(", ", "[", "]"));
  }

  private static String quote(String text) {
    String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"");
    return '"' + PrintableText.oneLine(escaped, Math.max(1, 6 * escaped.length())) + '"';
  }
}
