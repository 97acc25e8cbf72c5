package mstc.cloud.worker.wire;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.runtime.Answer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a runtime keeps of a job besides its request: who waits for the reply, and the answer they
 * were given. Names and values are spelled out here, so that records outlive a renaming in Java.
 */
public final class RecordJson {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final ReplyJson REPLIES = new ReplyJson();

  private RecordJson() {}

  /** Who waits for the reply. */
  public static ArrayNode write(List<ReplyAddress> addresses) {
    ArrayNode array = MAPPER.createArrayNode();
    for (ReplyAddress address : addresses) {
      array
          .addObject()
          .put("queue", address.queue())
          .put("correlationId", address.correlationId().orElse(null));
    }
    return array;
  }

  /**
   * Who waits for the reply.
   *
   * @throws RuntimeException if the node is not what {@link #write(List)} gives
   */
  public static List<ReplyAddress> readReplyAddresses(JsonNode array) {
    return array
        .asArray()
        .valueStream()
        .map(node ->
            new ReplyAddress(
                text(node, "queue"),
                Optional.ofNullable(node.path("correlationId").stringValue(null))))
        .toList();
  }

  /** The answer that a job's clients were given. */
  public static ObjectNode write(Answer answer) {
    ObjectNode node = MAPPER.createObjectNode();
    node.set("reply", MAPPER.readTree(REPLIES.toBytes(answer.reply())));
    node.put("delivery", name(answer.status()));
    node.put("at", answer.at().toString());
    return node;
  }

  /**
   * The answer that a job's clients were given.
   *
   * @throws RuntimeException if the node is not what {@link #write(Answer)} gives
   */
  public static Answer readAnswer(JsonNode node) {
    return new Answer(
        REPLIES
            .parse(MAPPER.writeValueAsString(node.required("reply")))
            .orElseThrow(() -> new IllegalArgumentException("the answer's reply is unreadable")),
        status(text(node, "delivery")),
        time(node, "at"));
  }

  private static String name(Answer.Status status) {
    return switch (status) {
      case SENT -> "SENT";
      case UNROUTABLE -> "UNROUTABLE";
      case REFUSED -> "REFUSED";
      case NONE -> "NONE";
    };
  }

  private static Answer.Status status(String name) {
    for (Answer.Status status : Answer.Status.values()) {
      if (name(status).equals(name)) {
        return status;
      }
    }
    throw new IllegalArgumentException("an answer is not delivered as " + name);
  }

  static Instant time(JsonNode node, String field) {
    String text = text(node, field);
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("not a time: " + text, e);
    }
  }

  /** Anyone may have edited a record, so any value may be missing, null or of another type. */
  static String text(JsonNode node, String field) {
    JsonNode value = node.path(field);
    if (!value.isString()) {
      throw new IllegalArgumentException("there is no text \"" + field + "\" in " + node);
    }
    return value.stringValue();
  }
}
