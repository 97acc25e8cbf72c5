package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.wire.EndJson;
import mstc.cloud.worker.wire.OutcomeNames;
import mstc.cloud.worker.wire.RecordJson;
import mstc.cloud.worker.wire.RecordedEnd;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * A job's record in the annotations of its Job: the work in its own format, replies as on the wire.
 */
public final class JobAnnotations {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private JobAnnotations() {}

  /** Why a job was ended that could not start. */
  public record Unstartable(JobOutcome.Kind kind, String reason) {
    JobOutcome outcome() {
      return kind == JobOutcome.Kind.IMAGE_UNAVAILABLE
          ? new JobOutcome.ImageUnavailable(reason)
          : new JobOutcome.NotStarted(reason);
    }
  }

  /** The annotations of a new Job. */
  static Map<String, String> of(
      Job job, WorkFormat format, Optional<ReplyAddress> replyAddress, String createId) {
    Map<String, String> annotations = new LinkedHashMap<>();
    annotations.put(JobNames.CREATE_ID, createId);
    annotations.put(JobNames.REQUEST, format.format(job.work()));
    annotations.put(JobNames.REQUEST_SHA256, job.digest().value());
    annotations.put(JobNames.WARNINGS, MAPPER.writeValueAsString(job.warnings()));
    annotations.put(JobNames.REPLY_TO, replyTo(replyAddress.stream().toList()));
    annotations.put(JobNames.LOG, job.logLocation().toString());
    return annotations;
  }

  public static String replyTo(List<ReplyAddress> addresses) {
    return MAPPER.writeValueAsString(RecordJson.write(addresses));
  }

  static String answered(Answer answer) {
    return MAPPER.writeValueAsString(RecordJson.write(answer));
  }

  /** The value that says when something was noted. */
  public static String now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
  }

  static String unstartable(Unstartable unstartable) {
    return MAPPER.writeValueAsString(
        MAPPER
            .createObjectNode()
            .put("kind", OutcomeNames.name(unstartable.kind()))
            .put("reason", unstartable.reason()));
  }

  /**
   * The record that a Job holds.
   *
   * @throws IllegalArgumentException if it holds none that can be read, and says why
   */
  public static JobRecord record(HasMetadata job, WorkFormat format) {
    try {
      UniqueName name = new UniqueName(job.getMetadata().getName());
      return new JobRecord(
          new Job(name, work(job, format), warnings(job)),
          RecordJson.readReplyAddresses(MAPPER.readTree(required(job, JobNames.REPLY_TO))),
          isHeld(job),
          isGivenUp(job),
          answer(job),
          version(job));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }

  /** Anyone may have edited them, so any entry may be JSON's null. */
  private static List<String> warnings(HasMetadata job) {
    List<String> warnings =
        MAPPER.readValue(required(job, JobNames.WARNINGS), new TypeReference<List<String>>() {});
    if (warnings == null || warnings.stream().anyMatch(Objects::isNull)) {
      throw new IllegalArgumentException(
          "its annotation " + JobNames.WARNINGS + " is no list of texts");
    }
    return warnings;
  }

  /** Unlike this, the Job's own version also changes with its controller's updates. */
  public static String version(HasMetadata job) {
    return "%s/%s/%s"
        .formatted(
            job.getMetadata().getUid(),
            annotation(job, JobNames.REPLY_TO).orElse(""),
            isAnswered(job) ? "answered" : isHeld(job) ? "held" : isGivenUp(job) ? "given-up" : "");
  }

  /** The uid of the Job that held a record. */
  public static String uid(JobRecord record) {
    return record.version().substring(0, record.version().indexOf('/'));
  }

  private static ContainerWork work(HasMetadata job, WorkFormat format) {
    return ContainerWork.of(format.parse(required(job, JobNames.REQUEST)));
  }

  private static String required(HasMetadata job, String name) {
    return annotation(job, name)
        .orElseThrow(() -> new IllegalArgumentException("it has no annotation " + name));
  }

  static Optional<Answer> answer(HasMetadata job) {
    return annotation(job, JobNames.ANSWERED)
        .map(text -> RecordJson.readAnswer(MAPPER.readTree(text)));
  }

  /** Why the worker ended a Job that could not start; empty if it did not. */
  public static Optional<Unstartable> unstartable(HasMetadata job) {
    return annotation(job, JobNames.UNSTARTABLE)
        .map(MAPPER::readTree)
        .map(node ->
            new Unstartable(
                OutcomeNames.kind(node.path("kind").asString()), node.path("reason").asString()));
  }

  static String ended(RecordedEnd end) {
    return MAPPER.writeValueAsString(EndJson.ANNOTATION.write(end));
  }

  /**
   * How a job ended before its Job did; empty if the Job's own end is the job's.
   *
   * @param timeout of the job
   */
  public static Optional<RecordedEnd> ended(HasMetadata job, Duration timeout) {
    return annotation(job, JobNames.ENDED)
        .map(text -> EndJson.ANNOTATION.read(MAPPER.readTree(text), timeout));
  }

  public static boolean isAnswered(HasMetadata job) {
    return annotation(job, JobNames.ANSWERED).isPresent();
  }

  public static boolean isHeld(HasMetadata job) {
    return annotation(job, JobNames.HELD).isPresent();
  }

  public static boolean isCancelled(HasMetadata job) {
    return annotation(job, JobNames.CANCELLED).isPresent();
  }

  public static boolean isGivenUp(HasMetadata job) {
    return annotation(job, JobNames.GIVEN_UP).isPresent();
  }

  public static Optional<String> annotation(HasMetadata job, String name) {
    return Optional.ofNullable(job.getMetadata().getAnnotations())
        .map(annotations -> annotations.get(name));
  }
}
