package mstc.cloud.worker.wire;

import java.net.URI;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.request.FilePrefix;
import mstc.cloud.worker.domain.view.JobOutputs;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobSummary;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes what people and programs are shown of jobs. Every property is always there, {@code null}
 * if it does not apply; times are UTC with milliseconds. The output is ASCII, on one line.
 */
public final class JobJson {
  private static final DateTimeFormatter MILLISECONDS =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  private static final JsonMapper MAPPER =
      JsonMapper.builder(JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build())
          .build();

  private JobJson() {}

  /**
   * A page of a list.
   *
   * @param total how many jobs the list has in all
   * @param next where the next page begins; empty if this is the last
   */
  public static String page(List<JobSummary> jobs, int total, Optional<String> next) {
    ObjectNode page = MAPPER.createObjectNode();
    page.set("jobs", array(jobs));
    page.put("total", total);
    page.put("next", next.orElse(null));
    return MAPPER.writeValueAsString(page);
  }

  /** Some jobs. */
  public static String list(List<JobSummary> jobs) {
    return MAPPER.writeValueAsString(array(jobs));
  }

  /**
   * One job, with its request.
   *
   * @param request as {@link WorkRequestFormat#format} gives it; empty if it is no longer known
   */
  public static String detail(JobSummary job, Optional<String> request) {
    ObjectNode node = node(job);
    node.set(
        "request",
        request.map(MAPPER::readTree).orElseGet(() -> MAPPER.getNodeFactory().nullNode()));
    return MAPPER.writeValueAsString(node);
  }

  /** The objects under a job's prefix in its output bucket. */
  public static String outputs(JobOutputs outputs) {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("bucket", outputs.bucket().value());
    node.put("prefix", outputs.prefix().map(FilePrefix::value).orElse(null));
    ArrayNode objects = node.putArray("objects");
    outputs
        .objects()
        .forEach(object ->
            objects
                .addObject()
                .put("name", object.name())
                .put("bytes", object.bytes())
                .put("link", object.link().map(URI::toString).orElse(null)));
    node.put("more", outputs.more());
    return MAPPER.writeValueAsString(node);
  }

  /** The names of some jobs. */
  public static String names(Collection<UniqueName> names) {
    return MAPPER.writeValueAsString(nameArray(names));
  }

  /** A job that was submitted. */
  public static String submitted(UniqueName name, List<String> warnings) {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("name", name.value());
    warnings.forEach(node.putArray("warnings")::add);
    return MAPPER.writeValueAsString(node);
  }

  /**
   * What became of jobs that were to be cancelled.
   *
   * @param failures why some could not be
   */
  public static String cancelled(
      boolean preview, Collection<UniqueName> jobs, Map<String, String> failures) {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("preview", preview);
    node.set("jobs", nameArray(jobs));
    ObjectNode reasons = node.putObject("failures");
    failures.forEach(reasons::put);
    return MAPPER.writeValueAsString(node);
  }

  /** A piece of text. */
  public static String text(String text) {
    return MAPPER.writeValueAsString(MAPPER.createObjectNode().put("text", text));
  }

  private static ArrayNode array(List<JobSummary> jobs) {
    ArrayNode array = MAPPER.createArrayNode();
    jobs.forEach(job -> array.add(node(job)));
    return array;
  }

  private static ArrayNode nameArray(Collection<UniqueName> names) {
    ArrayNode array = MAPPER.createArrayNode();
    names.forEach(name -> array.add(name.value()));
    return array;
  }

  private static ObjectNode node(JobSummary job) {
    OptionalInt exitCode = job.reply().map(Reply::exitCode).orElse(OptionalInt.empty());
    ObjectNode node = MAPPER.createObjectNode();
    node.put("name", job.name().value());
    node.put("state", name(job.state()));
    node.put("hint", job.hint().orElse(null));
    node.put("description", job.description());
    node.put("image", job.image().map(image -> image.value()).orElse(null));
    ObjectNode labels = node.putObject("labels");
    job.labels().forEach(labels::put);
    node.put("outputBucket", job.outputBucket().value());
    node.put("createdAt", MILLISECONDS.format(job.createdAt()));
    node.put("startedAt", time(job.startedAt()));
    node.put("finishedAt", time(job.finishedAt()));
    node.put("cancelled", job.cancelled());
    node.put("outcome", job.outcome().map(OutcomeNames::name).orElse(null));
    node.put("exitCode", exitCode.isPresent() ? exitCode.getAsInt() : null);
    node.put("result", job.reply().map(Reply::result).orElse(null));
    node.set(
        "log",
        job.reply()
            .flatMap(Reply::log)
            .<JsonNode>map(JobJson::node)
            .orElseGet(() -> MAPPER.getNodeFactory().nullNode()));
    job.warnings().forEach(node.putArray("warnings")::add);
    return node;
  }

  private static ObjectNode node(StoredLog log) {
    return MAPPER
        .createObjectNode()
        .put("bucket", log.location().bucket().value())
        .put("object", log.location().key())
        .put("bytes", log.bytes())
        .put("complete", log.complete());
  }

  private static @Nullable String time(Optional<Instant> time) {
    return time.map(MILLISECONDS::format).orElse(null);
  }

  /** The name of a state, which outlives a renaming in Java. */
  static String name(JobState state) {
    return switch (state) {
      case PENDING -> "PENDING";
      case RUNNING -> "RUNNING";
      case ENDING -> "ENDING";
      case ENDED -> "ENDED";
    };
  }

  /**
   * The state of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static JobState state(String name) {
    for (JobState state : JobState.values()) {
      if (name(state).equals(name)) {
        return state;
      }
    }
    throw new IllegalArgumentException("no job is in the state " + PrintableText.quote(name));
  }
}
