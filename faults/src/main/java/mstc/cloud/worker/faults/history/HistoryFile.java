package mstc.cloud.worker.faults.history;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A history as a file: one JSON object per line, with its type beside its values. Lines are written
 * at once, so that a run that breaks off leaves what it has noted.
 */
public final class HistoryFile implements AutoCloseable {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final String TYPE = "type";
  private static final Map<String, Class<?>> TYPES =
      Arrays.stream(Event.class.getPermittedSubclasses())
          .collect(Collectors.toMap(Class::getSimpleName, type -> type));

  private final Writer out;
  private final List<Event> events = new ArrayList<>();

  private HistoryFile(Writer out) {
    this.out = out;
  }

  /** Begins a history in a new file. */
  public static HistoryFile create(Path file) throws IOException {
    return new HistoryFile(Files.newBufferedWriter(file));
  }

  /** Notes an event; may be called by any thread. */
  public synchronized void note(Event event) {
    events.add(event);
    try {
      out.write(format(event));
      out.write('\n');
      out.flush();
    } catch (IOException e) {
      throw new IllegalStateException("the history cannot be written: " + e.getMessage(), e);
    }
  }

  /** What was noted so far. */
  public synchronized History soFar() {
    return new History(events);
  }

  /**
   * Reads a history back.
   *
   * @throws IllegalStateException if a line does not belong to a history
   */
  public static History read(Path file) throws IOException {
    List<Event> events = new ArrayList<>();
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      try {
        events.add(parse(line));
      } catch (JacksonException | IllegalArgumentException e) {
        throw new IllegalStateException(
            "%s: line %d is no event: %s".formatted(file, events.size() + 1, e.getMessage()), e);
      }
    }
    return new History(events);
  }

  static String format(Event event) {
    ObjectNode node = MAPPER.createObjectNode();
    node.put(TYPE, event.getClass().getSimpleName());
    node.setAll(MAPPER.<ObjectNode>valueToTree(event));
    return MAPPER.writeValueAsString(node);
  }

  static Event parse(String line) {
    if (!(MAPPER.readTree(line) instanceof ObjectNode node)) {
      throw new IllegalArgumentException("not an object");
    }
    String name = node.path(TYPE).asString("");
    Class<?> type = TYPES.get(name);
    if (type == null) {
      throw new IllegalArgumentException("there is no event \"" + name + "\"");
    }
    node.remove(TYPE);
    return (Event) MAPPER.treeToValue(node, type);
  }

  @Override
  public synchronized void close() throws IOException {
    out.close();
  }
}
