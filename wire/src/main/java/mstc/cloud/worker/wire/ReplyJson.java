package mstc.cloud.worker.wire;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectLocation;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes and reads replies. Every property is always there, {@code null} if it does not apply;
 * times are UTC with milliseconds. The output is ASCII: other characters are escaped.
 */
public final class ReplyJson implements ReplyFormat {
  private static final String WARNINGS_LEFT_OUT = "further warnings were left out";
  private static final int MIN_RESULT_LENGTH = 80;
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999Z");

  private static final DateTimeFormatter MILLISECONDS =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  private static final JsonMapper MAPPER =
      JsonMapper.builder(JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build())
          .build();

  /** The reply as clients get it. */
  public byte[] toBytes(Reply reply) {
    return MAPPER.writeValueAsBytes(toNode(reply));
  }

  @Override
  public String format(Reply reply, int maxBytes) {
    Reply shortened = reply;
    String text = MAPPER.writeValueAsString(toNode(shortened));
    if (text.length() > maxBytes && !reply.warnings().isEmpty()) {
      shortened = with(shortened, shortened.result(), List.of(WARNINGS_LEFT_OUT));
      text = MAPPER.writeValueAsString(toNode(shortened));
    }
    int resultLength = shortened.result().length();
    while (text.length() > maxBytes && resultLength > MIN_RESULT_LENGTH) {
      resultLength = Math.max(MIN_RESULT_LENGTH, resultLength * 3 / 4);
      shortened =
          with(
              shortened, PrintableText.oneLine(reply.result(), resultLength), shortened.warnings());
      text = MAPPER.writeValueAsString(toNode(shortened));
    }
    if (text.length() > maxBytes) {
      throw new IllegalArgumentException(
          "a reply of %d bytes cannot be shortened to %d".formatted(text.length(), maxBytes));
    }
    return text;
  }

  private static Reply with(Reply reply, String result, List<String> warnings) {
    return new Reply(
        result,
        reply.job(),
        reply.outcome(),
        reply.exitCode(),
        reply.log(),
        reply.startedAt(),
        reply.finishedAt(),
        warnings);
  }

  private static ObjectNode toNode(Reply reply) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("result", reply.result());
    root.put("job", reply.job().map(UniqueName::value).orElse(null));
    root.put("outcome", OutcomeNames.name(reply.outcome()));
    root.put("exitCode", reply.exitCode().isPresent() ? reply.exitCode().getAsInt() : null);
    reply
        .log()
        .ifPresentOrElse(
            log -> {
              ObjectNode node = root.putObject("log");
              node.put("bucket", log.location().bucket().value());
              node.put("object", log.location().key());
              node.put("bytes", log.bytes());
              node.put("complete", log.complete());
            },
            () -> root.putNull("log"));
    root.put("startedAt", reply.startedAt().map(MILLISECONDS::format).orElse(null));
    root.put("finishedAt", reply.finishedAt().map(MILLISECONDS::format).orElse(null));
    root.put("durationMs", reply.duration().map(duration -> duration.toMillis()).orElse(null));
    reply.warnings().forEach(root.putArray("warnings")::add);
    return root;
  }

  @Override
  public Optional<Reply> parse(String text) {
    try {
      return MAPPER.readTree(text) instanceof ObjectNode root
          ? Optional.of(fromNode(root))
          : Optional.empty();
    } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
      return Optional.empty();
    }
  }

  private static Reply fromNode(ObjectNode root) {
    JsonNode exitCode = root.path("exitCode");
    return new Reply(
        required(root.path("result")),
        text(root, "job").map(UniqueName::new),
        OutcomeNames.kind(required(root.path("outcome"))),
        exitCode.isNumber() ? OptionalInt.of(exitCode.intValue()) : OptionalInt.empty(),
        root.path("log") instanceof ObjectNode log ? Optional.of(logFrom(log)) : Optional.empty(),
        text(root, "startedAt").map(ReplyJson::time),
        text(root, "finishedAt").map(ReplyJson::time),
        root.path("warnings").valueStream().map(ReplyJson::required).toList());
  }

  private static StoredLog logFrom(ObjectNode log) {
    return new StoredLog(
        new ObjectLocation(
            new BucketName(required(log.path("bucket"))), required(log.path("object"))),
        log.path("bytes").longValue(),
        log.path("complete").booleanValue());
  }

  /** Anyone may have edited a stored reply; the time between any two of these is a number. */
  private static Instant time(String text) {
    Instant time = Instant.parse(text);
    if (time.isBefore(Instant.EPOCH) || time.isAfter(LATEST)) {
      throw new IllegalArgumentException("not the time of a job: " + text);
    }
    return time;
  }

  private static String required(JsonNode node) {
    if (!node.isString()) {
      throw new IllegalArgumentException("not a text: " + node);
    }
    return node.stringValue();
  }

  private static Optional<String> text(ObjectNode root, String field) {
    JsonNode node = root.path(field);
    return node.isString() ? Optional.of(node.stringValue()) : Optional.empty();
  }
}
