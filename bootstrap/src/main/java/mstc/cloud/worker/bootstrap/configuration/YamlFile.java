package mstc.cloud.worker.bootstrap.configuration;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.domain.PrintableText;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;

/** Reads a YAML file into values by key; a key without a value counts as not given. */
final class YamlFile {
  private static final int MAX_SIZE_BYTES = 1 << 20;

  private final Path file;
  private final KnownKeys keys;
  private final List<String> problems;
  private final Map<String, GivenValue> values = new HashMap<>();
  private final Map<String, Integer> firstLines = new HashMap<>();

  private YamlFile(Path file, KnownKeys keys, List<String> problems) {
    this.file = file;
    this.keys = keys;
    this.problems = problems;
  }

  /**
   * @param problems takes a line for everything that is wrong with the file
   */
  static Map<String, GivenValue> read(Path file, KnownKeys keys, List<String> problems) {
    YamlFile reading = new YamlFile(file, keys, problems);
    reading.root().ifPresent(root -> reading.section("", root));
    return reading.values;
  }

  private Optional<Node> root() {
    try (InputStream input = Files.newInputStream(file)) {
      byte[] bytes = input.readNBytes(MAX_SIZE_BYTES + 1);
      if (bytes.length <= MAX_SIZE_BYTES) {
        return YamlText.compose(bytes);
      }
      problems.add(
          "the configuration file %s is larger than %s bytes"
              .formatted(file.toAbsolutePath(), MAX_SIZE_BYTES));
    } catch (YamlEngineException notYaml) {
      String line = YamlText.line(notYaml).map(number -> ":" + number).orElse("");
      problems.add("%s%s is not YAML: %s".formatted(file, line, YamlText.problem(notYaml)));
    } catch (NoSuchFileException missing) {
      problems.add("the configuration file %s does not exist".formatted(file.toAbsolutePath()));
    } catch (AccessDeniedException denied) {
      problems.add("the configuration file %s may not be read".formatted(file.toAbsolutePath()));
    } catch (IOException unreadable) {
      problems.add(
          "the configuration file %s cannot be read: %s"
              .formatted(
                  file.toAbsolutePath(),
                  PrintableText.oneLine(String.valueOf(unreadable.getMessage()), 300)));
    }
    return Optional.empty();
  }

  private void section(String name, Node node) {
    if (YamlText.isNull(node)) {
      return;
    }
    if (!(node instanceof MappingNode mapping)) {
      problems.add(
          "%s must hold keys, each on a line of its own and followed by a colon and a blank"
              .formatted(at(name, YamlText.line(node))));
      return;
    }
    for (NodeTuple tuple : mapping.getValue()) {
      String key = YamlText.plainText(tuple.getKeyNode()).orElse("");
      entry(
          name.isEmpty() ? key : name + '.' + key,
          YamlText.line(tuple.getKeyNode()),
          tuple.getValueNode());
    }
  }

  private void entry(String name, int line, Node value) {
    if (!keys.isKey(name) && !keys.isSection(name)) {
      problems.add("%s is not a key%s".formatted(at(name, line), keys.suggestionFor(name)));
      return;
    }
    Integer firstLine = firstLines.putIfAbsent(name, line);
    if (firstLine != null) {
      problems.add("%s is given twice, first on line %s".formatted(at(name, line), firstLine));
    }
    if (keys.isSection(name)) {
      section(name, value);
    } else if (!YamlText.isNull(value)) {
      values.putIfAbsent(name, new GivenValue.Tree(value, file));
    }
  }

  private String at(String name, int line) {
    return name.isEmpty()
        ? Origin.line(file, line).description()
        : "%s (%s)".formatted(PrintableText.oneLine(name, 120), Origin.line(file, line));
  }
}
