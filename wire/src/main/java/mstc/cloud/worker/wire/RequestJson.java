package mstc.cloud.worker.wire;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.request.FilePrefix;
import mstc.cloud.worker.domain.request.InvalidRequestException;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.Resources;
import mstc.cloud.worker.domain.request.WorkRequest;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads and writes requests.
 *
 * <p>Reading is lenient in form, as the first version of the contract was: property names are
 * matched without regard to case, a trailing comma is accepted, {@code null} means absent, an
 * unknown property is a warning. It is strict in values: {@link WorkRequest} names everything that
 * is wrong with them. Size and depth are bounded before anything is built.
 */
public final class RequestJson {
  /** The longest request, in bytes. */
  public static final int MAX_BYTES = 128 * 1024;

  private static final int MAX_DEPTH = 32;
  private static final int MAX_NUMBER_LENGTH = 1000;
  private static final int MAX_LISTED_UNKNOWN = 8;
  private static final int MAX_REASON_LENGTH = 300;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxDocumentLength(MAX_BYTES)
                          .maxNameLength(MAX_BYTES)
                          .maxNumberLength(MAX_NUMBER_LENGTH)
                          .build())
                  .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private static final String TOO_LONG = "the request is longer than " + MAX_BYTES + " bytes";

  private RequestJson() {}

  /**
   * What a client sends. Reads at most one byte more than a request may have, and leaves the rest
   * unread.
   */
  public static ParsedRequest parse(InputStream body) throws IOException {
    byte[] bytes = body.readNBytes(MAX_BYTES + 1);
    return bytes.length > MAX_BYTES ? new ParsedRequest.Unreadable(TOO_LONG) : parse(bytes);
  }

  /** What a client's bytes turn out to be. Never throws. */
  public static ParsedRequest parse(byte[] body) {
    if (body.length > MAX_BYTES) {
      return new ParsedRequest.Unreadable(TOO_LONG + ": it has " + body.length);
    }
    JsonNode root;
    try {
      root = MAPPER.readTree(body);
    } catch (StreamConstraintsException e) {
      return new ParsedRequest.Unreadable(exceeded(e));
    } catch (JacksonException e) {
      return new ParsedRequest.Unreadable("the request is not JSON: " + describe(e));
    }
    if (!(root instanceof ObjectNode object)) {
      return new ParsedRequest.Unreadable("the request is not a JSON object");
    }
    return new Reading().parse(object);
  }

  /** The total length was checked before, so it is the depth or the length of a number. */
  private static String exceeded(StreamConstraintsException e) {
    return e.getOriginalMessage().contains("nesting depth")
        ? "the request is nested deeper than " + MAX_DEPTH + " levels"
        : "the request has a number of more than " + MAX_NUMBER_LENGTH + " digits";
  }

  private static String describe(JacksonException e) {
    TokenStreamLocation location = e.getLocation();
    String where =
        location == null || location.getLineNr() < 1
            ? ""
            : " at line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
    return PrintableText.oneLine(e.getOriginalMessage() + where, MAX_REASON_LENGTH);
  }

  /**
   * The request as a client would write it, defaults left out. A request that {@link #parse}
   * accepted can be read again from this, and is no longer than a client's request may be.
   */
  public static byte[] toBytes(WorkRequest request) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("image", request.image().value());
    root.put("jobName", request.jobName().value());
    root.put("inputBucket", request.inputBucket().value());
    if (!request.outputBucket().equals(request.inputBucket())) {
      root.put("outputBucket", request.outputBucket().value());
    }
    if (!request.timeout().equals(WorkRequest.DEFAULT_TIMEOUT)) {
      root.put("timeOut", request.timeout().toMinutes());
    }
    request.prefix().map(FilePrefix::value).ifPresent(value -> root.put("prefix", value));
    putTexts(root, "command", request.command());
    putTexts(root, "args", request.args());
    putMap(root, "env", request.env());
    Resources resources = request.resources();
    if (!resources.equals(Resources.UNSPECIFIED)) {
      ObjectNode node = root.putObject("resources");
      resources.cpu().ifPresent(value -> node.put("cpu", value));
      resources.memory().ifPresent(value -> node.put("memory", value));
      resources.gpu().ifPresent(value -> node.put("gpu", value));
    }
    if (request.retries() > 0) {
      root.put("retries", request.retries());
    }
    putMap(root, "labels", request.labels());
    return MAPPER.writeValueAsBytes(root);
  }

  private static void putTexts(ObjectNode root, String field, List<String> texts) {
    if (!texts.isEmpty()) {
      ArrayNode array = root.putArray(field);
      texts.forEach(array::add);
    }
  }

  private static void putMap(ObjectNode root, String field, Map<String, String> map) {
    if (!map.isEmpty()) {
      ObjectNode node = root.putObject(field);
      map.forEach(node::put);
    }
  }

  private enum Field {
    IMAGE("image"),
    JOB_NAME("jobName"),
    INPUT_BUCKET("inputBucket"),
    OUTPUT_BUCKET("outputBucket"),
    TIMEOUT("timeOut"),
    PREFIX("prefix"),
    COMMAND("command"),
    ARGS("args"),
    ENV("env"),
    RESOURCES("resources"),
    CPU("resources.cpu"),
    MEMORY("resources.memory"),
    GPU("resources.gpu"),
    RETRIES("retries"),
    LABELS("labels");

    private static final Map<String, Field> BY_PATH =
        Stream.of(values())
            .collect(Collectors.toMap(field -> lowerCase(field.path), field -> field));

    final String path;

    Field(String path) {
      this.path = path;
    }

    static Optional<Field> find(String parent, String name) {
      // Otherwise "resources.cpu" would be accepted as a property name.
      return name.indexOf('.') >= 0
          ? Optional.empty()
          : Optional.ofNullable(BY_PATH.get(lowerCase(parent + name)));
    }

    private static String lowerCase(String text) {
      return text.toLowerCase(Locale.ROOT);
    }
  }

  private static final class Reading {
    private final WorkRequest.Builder request = WorkRequest.builder();
    private final Set<Field> present = EnumSet.noneOf(Field.class);
    private final List<String> unknown = new ArrayList<>();

    ParsedRequest parse(ObjectNode root) {
      properties("", root);
      try {
        WorkRequest valid = request.build();
        // Numbers become texts, and UTF-16 becomes UTF-8: the output may be longer than the input.
        int bytes = toBytes(valid).length;
        return bytes > MAX_BYTES
            ? new ParsedRequest.Unreadable(
                "%s once it is kept, in UTF-8 and with numbers in quotes: it has %d"
                    .formatted(TOO_LONG, bytes))
            : new ParsedRequest.Valid(valid, warnings());
      } catch (InvalidRequestException e) {
        return new ParsedRequest.Invalid(e.violations());
      }
    }

    private void properties(String parent, ObjectNode node) {
      node.properties().stream()
          .filter(property -> !property.getValue().isNull())
          .forEach(property -> property(parent, property.getKey(), property.getValue()));
    }

    private void property(String parent, String name, JsonNode value) {
      Optional<Field> known = Field.find(parent, name);
      if (known.isEmpty()) {
        unknown.add(parent + name);
      } else if (present.add(known.get())) {
        field(known.get(), value);
      } else {
        request.malformed(known.get().path, parent + name, "given once");
      }
    }

    private void field(Field field, JsonNode value) {
      switch (field) {
        case IMAGE -> text(field, value, request::image);
        case JOB_NAME -> text(field, value, request::jobName);
        case INPUT_BUCKET -> text(field, value, request::inputBucket);
        case OUTPUT_BUCKET -> text(field, value, request::outputBucket);
        case TIMEOUT -> request.timeoutMinutes(written(value));
        case PREFIX -> text(field, value, request::prefix);
        case COMMAND -> texts(field, value, request::command);
        case ARGS -> texts(field, value, request::args);
        case ENV -> map(field, value, request::env);
        case RESOURCES -> resources(field, value);
        case CPU -> request.cpu(written(value));
        case MEMORY -> request.memory(written(value));
        case GPU -> request.gpu(written(value));
        case RETRIES -> request.retries(written(value));
        case LABELS -> map(field, value, request::labels);
      }
    }

    private void resources(Field field, JsonNode value) {
      if (value instanceof ObjectNode node) {
        properties("resources.", node);
      } else {
        malformed(field, value, "an object with cpu, memory or gpu");
      }
    }

    private List<String> warnings() {
      List<String> warnings = new ArrayList<>();
      for (String name : unknown.subList(0, Math.min(unknown.size(), MAX_LISTED_UNKNOWN))) {
        warnings.add("unknown field " + PrintableText.quote(name));
      }
      if (unknown.size() > MAX_LISTED_UNKNOWN) {
        warnings.add((unknown.size() - MAX_LISTED_UNKNOWN) + " more unknown fields");
      }
      return warnings;
    }

    private void text(Field field, JsonNode value, Consumer<String> setter) {
      if (value.isString()) {
        setter.accept(value.stringValue());
      } else {
        malformed(field, value, "text");
      }
    }

    private void texts(Field field, JsonNode value, Consumer<List<String>> setter) {
      if (value instanceof ArrayNode array
          && array.valueStream().allMatch(word -> word.isValueNode() && !word.isNull())) {
        setter.accept(array.valueStream().map(Reading::written).toList());
      } else {
        malformed(field, value, "a list of texts");
      }
    }

    private void map(Field field, JsonNode value, Consumer<Map<String, String>> setter) {
      if (value instanceof ObjectNode node && node.valueStream().allMatch(JsonNode::isValueNode)) {
        Map<String, String> map = new TreeMap<>();
        node.properties().stream()
            .filter(property -> !property.getValue().isNull())
            .forEach(property -> map.put(property.getKey(), written(property.getValue())));
        setter.accept(map);
      } else {
        request.malformedSecret(field.path, "an object of names and texts");
      }
    }

    private void malformed(Field field, JsonNode value, String allowed) {
      request.malformed(field.path, written(value), allowed);
    }

    /** A text as it is, anything else as its JSON. */
    private static String written(JsonNode value) {
      return value.isValueNode() ? value.asString() : value.toString();
    }
  }
}
