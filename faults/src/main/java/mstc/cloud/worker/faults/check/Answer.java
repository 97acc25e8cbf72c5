package mstc.cloud.worker.faults.check;

import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A reply as a client reads it.
 *
 * @param json all of it, for comparison
 */
record Answer(
    String outcome,
    Optional<String> job,
    OptionalInt exitCode,
    Optional<Log> log,
    boolean started,
    boolean warned,
    JsonNode json) {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** The stored log that it names. */
  record Log(String object, long bytes, boolean complete) {}

  /** Reads a reply; empty if it is not one. */
  static Optional<Answer> parse(String text) {
    try {
      if (!(MAPPER.readTree(text) instanceof ObjectNode root)
          || !root.path("outcome").isString()
          || !root.path("result").isString()) {
        return Optional.empty();
      }
      JsonNode exitCode = root.path("exitCode");
      return Optional.of(
          new Answer(
              root.path("outcome").stringValue(),
              root.path("job").asStringOpt(),
              exitCode.isInt() ? OptionalInt.of(exitCode.intValue()) : OptionalInt.empty(),
              log(root.path("log")),
              root.path("startedAt").isString(),
              !root.path("warnings").isEmpty(),
              root));
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  private static Optional<Log> log(JsonNode node) {
    return node.isObject()
        ? Optional.of(
            new Log(
                node.path("object").asString(),
                node.path("bytes").asLong(),
                node.path("complete").asBoolean()))
        : Optional.empty();
  }

  @Override
  public String toString() {
    return json.toString();
  }
}
