package mstc.cloud.worker.wire;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.request.FilePrefix;
import mstc.cloud.worker.domain.request.InvalidRequestException;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.Resources;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.request.WorkRequestBuilder;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads and writes requests.
 *
 * <p>Reading is lenient in form, as the first version of the contract was: property names are
 * matched without regard to case, a trailing comma is accepted, {@code null} means absent, an
 * unknown property is a warning. It is strict in values: {@link WorkRequest} names all that is
 * wrong with them. Size and depth are bounded before anything is built.
 */
public final class RequestJson {
  /** The longest request, in bytes. */
  public static final int MAX_BYTES = 128 * 1024;

  private static final int MAX_DEPTH = 32;
  private static final int MAX_LISTED_UNKNOWN = 8;
  private static final int MAX_REASON_LENGTH = 300;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxDocumentLength(MAX_BYTES)
                          .build())
                  .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
                  .build())
          .build();

  private RequestJson() {}

  /** What the bytes of a client are. Never throws. */
  public static ParsedRequest parse(byte[] body) {
    if (body.length > MAX_BYTES) {
      return new ParsedRequest.Unreadable(
          "the request is %d bytes long, at most %d are allowed".formatted(body.length, MAX_BYTES));
    }
    JsonNode root;
    try {
      root = MAPPER.readTree(body);
    } catch (StreamConstraintsException e) {
      return new ParsedRequest.Unreadable(
          "the request is too deeply nested or has too long a number, at most "
              + MAX_DEPTH
              + " levels are allowed");
    } catch (JacksonException e) {
      return new ParsedRequest.Unreadable("the request is not JSON: " + describe(e));
    }
    if (!(root instanceof ObjectNode object)) {
      return new ParsedRequest.Unreadable("the request is not a JSON object");
    }
    return new Reading(object).parse();
  }

  private static String describe(JacksonException e) {
    TokenStreamLocation location = e.getLocation();
    String where =
        location == null || location.getLineNr() < 1
            ? ""
            : " at line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
    return PrintableText.oneLine(e.getOriginalMessage() + where, MAX_REASON_LENGTH);
  }

  /** The request as a client would write it. */
  public static byte[] toBytes(WorkRequest request) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("image", request.image().value());
    root.put("jobName", request.jobName().value());
    root.put("inputBucket", request.inputBucket().value());
    root.put("outputBucket", request.outputBucket().value());
    root.put("timeOut", request.timeout().toMinutes());
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

  /** One request being read. */
  private static final class Reading {
    private static final String TEXT = "text";
    private static final String WHOLE_NUMBER = "a whole number";

    private final WorkRequestBuilder request = WorkRequest.builder();
    private final List<String> unknown = new ArrayList<>();
    private final ObjectNode root;

    Reading(ObjectNode root) {
      this.root = root;
    }

    ParsedRequest parse() {
      present("", root)
          .forEach((name, value) -> {
            switch (name) {
              case "image" -> text("image", value, request::image);
              case "jobname" -> text("jobName", value, request::jobName);
              case "inputbucket" -> text("inputBucket", value, request::inputBucket);
              case "outputbucket" -> text("outputBucket", value, request::outputBucket);
              case "timeout" -> number("timeOut", value, request::timeoutMinutes);
              case "prefix" -> text("prefix", value, request::prefix);
              case "command" -> texts("command", value, request::command);
              case "args" -> texts("args", value, request::args);
              case "env" -> map("env", value, request::env);
              case "resources" -> resources(value);
              case "retries" -> number("retries", value, request::retries);
              case "labels" -> map("labels", value, request::labels);
              default -> unknown.add(name);
            }
          });
      try {
        return new ParsedRequest.Valid(request.build(), warnings());
      } catch (InvalidRequestException e) {
        return new ParsedRequest.Invalid(e.violations());
      }
    }

    private void resources(JsonNode value) {
      if (!(value instanceof ObjectNode node)) {
        request.malformed("resources", value.toString(), "an object with cpu, memory or gpu");
        return;
      }
      present("resources.", node)
          .forEach((name, quantity) -> {
            switch (name) {
              case "cpu" -> scalar("resources.cpu", quantity, request::cpu);
              case "memory" -> scalar("resources.memory", quantity, request::memory);
              case "gpu" -> number("resources.gpu", quantity, request::gpu);
              default -> unknown.add("resources." + name);
            }
          });
    }

    /** The properties that are not null, by their names in lower case. */
    private Map<String, JsonNode> present(String path, ObjectNode node) {
      Map<String, JsonNode> properties = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> property : node.properties()) {
        String name = property.getKey().toLowerCase(Locale.ROOT);
        if (!property.getValue().isNull()
            && properties.putIfAbsent(name, property.getValue()) != null) {
          request.malformed(path + property.getKey(), property.getKey(), "given once");
        }
      }
      return properties;
    }

    private List<String> warnings() {
      List<String> warnings = new ArrayList<>();
      for (String name : unknown.subList(0, Math.min(unknown.size(), MAX_LISTED_UNKNOWN))) {
        warnings.add("unknown field " + PrintableText.quote(originalSpelling(name)));
      }
      if (unknown.size() > MAX_LISTED_UNKNOWN) {
        warnings.add((unknown.size() - MAX_LISTED_UNKNOWN) + " more unknown fields");
      }
      return warnings;
    }

    private String originalSpelling(String name) {
      return root.propertyNames().stream()
          .filter(spelling -> spelling.equalsIgnoreCase(name))
          .findFirst()
          .orElse(name);
    }

    private void text(String field, JsonNode value, Consumer<String> setter) {
      if (value.isString()) {
        setter.accept(value.stringValue());
      } else {
        request.malformed(field, value.toString(), TEXT);
      }
    }

    private void scalar(String field, JsonNode value, Consumer<String> setter) {
      if (isScalar(value)) {
        setter.accept(value.asString());
      } else {
        request.malformed(field, value.toString(), TEXT + " or a number");
      }
    }

    private static boolean isScalar(JsonNode value) {
      return value.isValueNode() && !value.isNull();
    }

    private void number(String field, JsonNode value, LongConsumer setter) {
      if (value.isIntegralNumber()) {
        setter.accept(
            value.canConvertToLong()
                ? value.longValue()
                : value.bigIntegerValue().signum() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE);
      } else if (value.isString() && value.stringValue().strip().matches("[+-]?\\d{1,18}")) {
        setter.accept(Long.parseLong(value.stringValue().strip()));
      } else if (value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue())) {
        setter.accept((long) value.doubleValue());
      } else {
        request.malformed(
            field, value.isString() ? value.stringValue() : value.toString(), WHOLE_NUMBER);
      }
    }

    private void texts(String field, JsonNode value, Consumer<List<String>> setter) {
      if (value instanceof ArrayNode array && array.valueStream().allMatch(Reading::isScalar)) {
        setter.accept(array.valueStream().map(JsonNode::asString).toList());
      } else {
        request.malformed(field, value.toString(), "a list of texts");
      }
    }

    private void map(String field, JsonNode value, Consumer<Map<String, String>> setter) {
      if (value instanceof ObjectNode node && node.valueStream().allMatch(JsonNode::isValueNode)) {
        Map<String, String> map = new TreeMap<>();
        node.properties().stream()
            .filter(property -> !property.getValue().isNull())
            .forEach(property -> map.put(property.getKey(), property.getValue().asString()));
        setter.accept(map);
      } else {
        request.malformed(field, value.toString(), "an object of names and texts");
      }
    }
  }
}
