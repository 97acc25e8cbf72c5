package mstc.cloud.worker.wire;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.view.JobFilter;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Reads requests to cancel jobs. What is not understood is refused: a typo must not cancel all. */
public final class CancellationJson {
  /** The longest request, in bytes. */
  public static final int MAX_BYTES = 1024 * 1024;

  private static final int MAX_NAMES = 10_000;
  private static final int MAX_DEPTH = 8;
  private static final int MAX_REASON_LENGTH = 300;
  private static final Set<String> FILTERS =
      new TreeSet<>(Set.of("state", "name", "image", "label"));

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxDocumentLength(MAX_BYTES)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private CancellationJson() {}

  /**
   * What a client sends.
   *
   * @throws IllegalArgumentException if it is none, and says why
   */
  public static Cancellation parse(byte[] body) {
    if (body.length > MAX_BYTES) {
      throw new IllegalArgumentException("the request is longer than " + MAX_BYTES + " bytes");
    }
    ObjectNode root = object(body);
    Set<String> given =
        root.properties().stream()
            .map(entry -> entry.getKey())
            .collect(Collectors.toCollection(LinkedHashSet::new));
    for (String field : given) {
      if (!FILTERS.contains(field) && !field.equals("names") && !field.equals("preview")) {
        throw new IllegalArgumentException("unknown field " + PrintableText.quote(field));
      }
    }
    boolean filtered = given.stream().anyMatch(FILTERS::contains);
    if (filtered == given.contains("names")) {
      throw new IllegalArgumentException(
          "give either names, or at least one of " + String.join(", ", FILTERS));
    }
    return new Cancellation(names(root), filter(root), preview(root));
  }

  private static ObjectNode object(byte[] body) {
    JsonNode root;
    try {
      root = MAPPER.readTree(body);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "the request is not JSON: "
              + PrintableText.oneLine(e.getOriginalMessage(), MAX_REASON_LENGTH),
          e);
    }
    if (root instanceof ObjectNode object) {
      return object;
    }
    throw new IllegalArgumentException("the request is not a JSON object");
  }

  private static List<String> names(ObjectNode root) {
    List<String> names = texts(root, "names");
    if (names.size() > MAX_NAMES) {
      throw new IllegalArgumentException(
          "names must be at most %d, but are %d".formatted(MAX_NAMES, names.size()));
    }
    return names;
  }

  private static JobFilter filter(ObjectNode root) {
    return new JobFilter(
        texts(root, "state").stream().map(JobJson::state).collect(Collectors.toSet()),
        Set.of(),
        text(root, "name"),
        text(root, "image"),
        texts(root, "label").stream().map(JobFilter.Label::parse).toList());
  }

  private static boolean preview(ObjectNode root) {
    JsonNode value = root.path("preview");
    if (!value.isMissingNode() && !value.isBoolean()) {
      throw new IllegalArgumentException("preview must be true or false");
    }
    return value.asBoolean(false);
  }

  private static Optional<String> text(ObjectNode root, String field) {
    JsonNode value = root.path(field);
    if (value.isMissingNode()) {
      return Optional.empty();
    }
    if (!value.isString()) {
      throw new IllegalArgumentException(field + " must be a text");
    }
    if (value.stringValue().isEmpty()) {
      throw new IllegalArgumentException(field + " must not be empty; * stands for any");
    }
    return Optional.of(value.stringValue());
  }

  private static List<String> texts(ObjectNode root, String field) {
    JsonNode value = root.path(field);
    if (value.isMissingNode()) {
      return List.of();
    }
    if (!value.isArray() || value.isEmpty() || !value.valueStream().allMatch(JsonNode::isString)) {
      throw new IllegalArgumentException(field + " must be a list of one or more texts");
    }
    return value.valueStream().map(JsonNode::stringValue).toList();
  }
}
