package mstc.cloud.worker.wire;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.domain.job.JobOutcome;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a job ended, as runtimes keep it. Version 0.1.0 named the outcome and its reason differently
 * in a Job's annotation and in a job's folder, and such records are still to be read.
 */
public enum EndJson {
  /** In an annotation of a Kubernetes Job. */
  ANNOTATION("kind", "reason"),
  /** In the folder of a local job. */
  FOLDER("outcome", "detail");

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** After how long a job was over; version 0.1.0 did not write it. */
  private static final String TIMEOUT = "timeoutSeconds";

  private final String outcomeField;
  private final String reasonField;

  EndJson(String outcomeField, String reasonField) {
    this.outcomeField = outcomeField;
    this.reasonField = reasonField;
  }

  /** How a job ended. */
  public ObjectNode write(RecordedEnd end) {
    JobOutcome outcome = end.outcome();
    OptionalInt exitCode = outcome.exitCode();
    ObjectNode node = MAPPER.createObjectNode();
    node.put(outcomeField, OutcomeNames.name(outcome.kind()));
    node.put("exitCode", exitCode.isPresent() ? exitCode.getAsInt() : null);
    node.put(reasonField, reason(outcome).orElse(null));
    if (outcome instanceof JobOutcome.TimedOut(Duration timeout, Optional<String> _)) {
      node.put(TIMEOUT, timeout.toSeconds());
    }
    node.put("startedAt", end.startedAt().map(Object::toString).orElse(null));
    node.put("finishedAt", end.finishedAt().toString());
    end.logComplete().ifPresent(complete -> node.put("logComplete", complete));
    end.warnings().forEach(node.putArray("warnings")::add);
    return node;
  }

  /**
   * How a job ended.
   *
   * @param timeout of the job, after which it was over if the node does not say
   * @throws IllegalArgumentException if the node is not what {@link #write} gives, and says why
   */
  public RecordedEnd read(JsonNode node, Duration timeout) {
    return new RecordedEnd(
        outcome(node, timeout),
        node.path("startedAt").isString()
            ? Optional.of(RecordJson.time(node, "startedAt"))
            : Optional.empty(),
        RecordJson.time(node, "finishedAt"),
        node.path("logComplete").isBoolean()
            ? Optional.of(node.path("logComplete").booleanValue())
            : Optional.empty(),
        warnings(node));
  }

  private static List<String> warnings(JsonNode node) {
    JsonNode warnings = node.path("warnings");
    if (!warnings.isArray() || !warnings.valueStream().allMatch(JsonNode::isString)) {
      throw new IllegalArgumentException("there is no list of texts \"warnings\" in " + node);
    }
    return warnings.valueStream().map(JsonNode::stringValue).toList();
  }

  private static Optional<String> reason(JobOutcome outcome) {
    return switch (outcome) {
      case JobOutcome.NotStarted(String reason) -> Optional.of(reason);
      case JobOutcome.TimedOut(Duration _, Optional<String> detail) -> detail;
      case JobOutcome.ImageUnavailable(String reason) -> Optional.of(reason);
      case JobOutcome.Evicted(String reason) -> Optional.of(reason);
      case JobOutcome.Lost(String reason) -> Optional.of(reason);
      case JobOutcome.Rejected(String reason) -> Optional.of(reason);
      case JobOutcome.Succeeded _,
          JobOutcome.Failed _,
          JobOutcome.OutOfMemory _,
          JobOutcome.Cancelled _ ->
          Optional.empty();
    };
  }

  private JobOutcome outcome(JsonNode node, Duration timeout) {
    OptionalInt exitCode =
        node.path("exitCode").isInt()
            ? OptionalInt.of(node.path("exitCode").intValue())
            : OptionalInt.empty();
    Optional<String> detail = Optional.ofNullable(node.path(reasonField).stringValue(null));
    String reason = detail.orElse("no reason given");
    return switch (OutcomeNames.kind(RecordJson.text(node, outcomeField))) {
      case SUCCEEDED -> new JobOutcome.Succeeded();
      case FAILED ->
          exitCode.isPresent()
              ? new JobOutcome.Failed(exitCode.getAsInt())
              : new JobOutcome.NotStarted(reason);
      case TIMED_OUT ->
          new JobOutcome.TimedOut(
              node.path(TIMEOUT).isIntegralNumber()
                  ? Duration.ofSeconds(node.path(TIMEOUT).longValue())
                  : timeout,
              detail);
      case OUT_OF_MEMORY -> new JobOutcome.OutOfMemory(exitCode);
      case IMAGE_UNAVAILABLE -> new JobOutcome.ImageUnavailable(reason);
      case EVICTED -> new JobOutcome.Evicted(reason);
      case CANCELLED -> new JobOutcome.Cancelled();
      case LOST -> new JobOutcome.Lost(reason);
      case REJECTED -> new JobOutcome.Rejected(reason);
    };
  }
}
