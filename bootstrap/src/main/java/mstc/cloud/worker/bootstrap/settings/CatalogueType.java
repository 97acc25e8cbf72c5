package mstc.cloud.worker.bootstrap.settings;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import mstc.cloud.worker.adapters.local.LocalSettings.CatalogueEntry;
import mstc.cloud.worker.bootstrap.configuration.ValueType;
import mstc.cloud.worker.bootstrap.configuration.YamlText;
import mstc.cloud.worker.domain.PrintableText;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** The list of images and the commands that stand in for them. */
final class CatalogueType implements ValueType.Structured<List<CatalogueEntry>> {
  private static final String IMAGE = "image";
  private static final String COMMAND = "command";
  private static final String ENV = "env";

  @Override
  public String allowed() {
    return "a list of entries such as {image: \"*/solver:*\", command: [solver, --fast], env: [FOAM_*]}";
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
    Optional<List<String>> command = Optional.empty();
    Optional<List<String>> env = Optional.of(List.of());
    Set<String> seen = new HashSet<>();
    for (NodeTuple tuple : mapping.getValue()) {
      String key = YamlText.plainText(tuple.getKeyNode()).orElse("");
      Node value = tuple.getValueNode();
      if (!seen.add(key)) {
        problems.add(tuple.getKeyNode(), entry + " has the key " + key + " twice");
      }
      switch (key) {
        case IMAGE -> image = YamlText.plainText(value).orElse("");
        case COMMAND -> command = words(value).filter(CatalogueType::isCommand);
        case ENV ->
            env = words(value).filter(words -> words.stream().allMatch(CatalogueEntry::isVariable));
        default ->
            problems.add(
                tuple.getKeyNode(),
                "%s has the unknown key %s; it may have image, command and env"
                    .formatted(entry, PrintableText.quote(key)));
      }
    }
    if (image.isBlank()) {
      problems.add(node, entry + " must have an image, such as \"*/solver:*\"");
    }
    if (command.isEmpty()) {
      problems.add(node, entry + " must have a command, a list of words such as [solver, --fast]");
    }
    if (env.isEmpty()) {
      problems.add(
          node,
          entry
              + " must have as env a list of variables that requests may set, such as"
              + " [OMP_NUM_THREADS, FOAM_*]");
    }
    return image.isBlank() || command.isEmpty() || env.isEmpty()
        ? Optional.empty()
        : Optional.of(new CatalogueEntry(image, command.get(), env.get()));
  }

  private static boolean isCommand(List<String> words) {
    return !words.isEmpty() && !words.getFirst().isBlank();
  }

  /** Empty unless it is a list in which every word is a text. */
  private static Optional<List<String>> words(Node node) {
    if (!(node instanceof SequenceNode list)) {
      return Optional.empty();
    }
    List<String> words =
        list.getValue().stream().map(YamlText::plainText).flatMap(Optional::stream).toList();
    return words.size() == list.getValue().size() ? Optional.of(words) : Optional.empty();
  }

  @Override
  public String print(List<CatalogueEntry> value) {
    return value.stream().map(CatalogueType::print).collect(Collectors.joining(", ", "[", "]"));
  }

  private static String print(CatalogueEntry entry) {
    String env = entry.env().isEmpty() ? "" : ", env: " + printWords(entry.env());
    return "{image: %s, command: %s%s}"
        .formatted(quote(entry.image()), printWords(entry.command()), env);
  }

  private static String printWords(List<String> words) {
    return words.stream().map(CatalogueType::quote).collect(Collectors.joining(", ", "[", "]"));
  }

  private static String quote(String text) {
    String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"");
    return '"' + PrintableText.oneLine(escaped, Math.max(1, 6 * escaped.length())) + '"';
  }
}
