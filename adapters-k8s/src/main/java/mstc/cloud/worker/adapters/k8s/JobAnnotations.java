package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.wire.ReplyJson;
import mstc.cloud.worker.wire.RequestJson;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A job's record in the annotations of its Job; requests and replies are there as on the wire. */
final class JobAnnotations {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final ReplyJson REPLIES = new ReplyJson();

  private JobAnnotations() {}

  private record StoredAnswer(JsonNode reply, Answer.Delivery delivery, Instant at) {}

  /** Why a job that could not start was ended. */
  record Unstartable(JobOutcome.Kind kind, String reason) {
    JobOutcome outcome() {
      return kind == JobOutcome.Kind.IMAGE_UNAVAILABLE
          ? new JobOutcome.ImageUnavailable(reason)
          : new JobOutcome.NotStarted(reason);
    }
  }

  /** How a job ended. */
  record RecordedEnd(
      JobOutcome outcome, Optional<Instant> startedAt, Instant finishedAt, List<String> warnings) {}

  private record StoredEnd(
      JobOutcome.Kind kind,
      Optional<Integer> exitCode,
      Optional<String> reason,
      Optional<Instant> startedAt,
      Instant finishedAt,
      List<String> warnings) {
    JobOutcome outcome() {
      return switch (kind) {
        case SUCCEEDED -> new JobOutcome.Succeeded();
        case FAILED ->
            exitCode
                .<JobOutcome>map(JobOutcome.Failed::new)
                .orElseGet(() -> new JobOutcome.NotStarted(words()));
        case OUT_OF_MEMORY ->
            new JobOutcome.OutOfMemory(exitCode.map(OptionalInt::of).orElseGet(OptionalInt::empty));
        case TIMED_OUT, IMAGE_UNAVAILABLE, EVICTED, CANCELLED, LOST, REJECTED ->
            new JobOutcome.Lost(words());
      };
    }

    private String words() {
      return reason.orElse("no reason given");
    }
  }

  /** The annotations of a new Job. */
  static Map<String, String> of(
      mstc.cloud.worker.domain.job.Job job, Optional<ReplyAddress> replyAddress, String attempt) {
    Map<String, String> annotations = new LinkedHashMap<>();
    annotations.put(JobNames.ATTEMPT, attempt);
    annotations.put(JobNames.REQUEST, new String(RequestJson.toBytes(job.request()), UTF_8));
    annotations.put(JobNames.REQUEST_SHA256, job.digest().value());
    annotations.put(JobNames.WARNINGS, MAPPER.writeValueAsString(job.warnings()));
    annotations.put(JobNames.REPLY_TO, replyTo(replyAddress.stream().toList()));
    annotations.put(JobNames.LOG, job.logLocation().toString());
    return annotations;
  }

  static String replyTo(List<ReplyAddress> addresses) {
    return MAPPER.writeValueAsString(addresses);
  }

  static String answered(Answer answer) {
    return MAPPER.writeValueAsString(
        new StoredAnswer(
            MAPPER.readTree(REPLIES.toBytes(answer.reply())), answer.delivery(), answer.at()));
  }

  /** What tells when something was noted. */
  static String now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
  }

  static String unstartable(Unstartable unstartable) {
    return MAPPER.writeValueAsString(unstartable);
  }

  /**
   * The record that a Job holds.
   *
   * @throws IllegalArgumentException where it holds none that can be read, and says why
   */
  static JobRecord record(Job job) {
    try {
      UniqueName name = new UniqueName(job.getMetadata().getName());
      List<String> warnings =
          MAPPER.readValue(required(job, JobNames.WARNINGS), new TypeReference<List<String>>() {});
      return new JobRecord(
          new mstc.cloud.worker.domain.job.Job(name, request(job), warnings),
          MAPPER.readValue(
              required(job, JobNames.REPLY_TO), new TypeReference<List<ReplyAddress>>() {}),
          isHeld(job),
          isGivenUp(job),
          answer(job),
          version(job));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }

  /** Unlike the Job's own version, which its controller changes, too. */
  static String version(Job job) {
    return "%s/%s/%s"
        .formatted(
            job.getMetadata().getUid(),
            annotation(job, JobNames.REPLY_TO).orElse(""),
            isAnswered(job) ? "answered" : isHeld(job) ? "held" : isGivenUp(job) ? "given-up" : "");
  }

  /** The uid of the Job that held a record. */
  static String uid(JobRecord record) {
    return record.version().substring(0, record.version().indexOf('/'));
  }

  private static WorkRequest request(Job job) {
    return switch (RequestJson.parse(required(job, JobNames.REQUEST).getBytes(UTF_8))) {
      case ParsedRequest.Valid valid -> valid.request();
      case ParsedRequest.Invalid invalid ->
          throw new IllegalArgumentException("the request is invalid: " + invalid.violations());
      case ParsedRequest.Unreadable unreadable ->
          throw new IllegalArgumentException(unreadable.reason());
    };
  }

  private static String required(Job job, String name) {
    return annotation(job, name)
        .orElseThrow(() -> new IllegalArgumentException("it has no annotation " + name));
  }

  private static Optional<Answer> answer(Job job) {
    return annotation(job, JobNames.ANSWERED)
        .map(text -> MAPPER.readValue(text, StoredAnswer.class))
        .map(stored ->
            new Answer(
                REPLIES
                    .parse(MAPPER.writeValueAsString(stored.reply()))
                    .orElseThrow(
                        () -> new IllegalArgumentException("its answer's reply is unreadable")),
                stored.delivery(),
                stored.at()));
  }

  /** Why the worker ended a Job that could not start; empty where it did not. */
  static Optional<Unstartable> unstartable(Job job) {
    return annotation(job, JobNames.UNSTARTABLE)
        .map(text -> MAPPER.readValue(text, Unstartable.class));
  }

  static String ended(RecordedEnd end) {
    JobOutcome outcome = end.outcome();
    OptionalInt exitCode = outcome.exitCode();
    Optional<String> reason =
        switch (outcome) {
          case JobOutcome.NotStarted(String why) -> Optional.of(why);
          case JobOutcome.Lost(String why) -> Optional.of(why);
          case JobOutcome.Succeeded _,
              JobOutcome.Failed _,
              JobOutcome.TimedOut _,
              JobOutcome.OutOfMemory _,
              JobOutcome.ImageUnavailable _,
              JobOutcome.Evicted _,
              JobOutcome.Cancelled _,
              JobOutcome.Rejected _ ->
              Optional.empty();
        };
    return MAPPER.writeValueAsString(
        new StoredEnd(
            outcome.kind(),
            exitCode.isPresent() ? Optional.of(exitCode.getAsInt()) : Optional.empty(),
            reason,
            end.startedAt(),
            end.finishedAt(),
            end.warnings()));
  }

  /** How a job ended before its Job did; empty where the Job's own end is the job's. */
  static Optional<RecordedEnd> ended(Job job) {
    return annotation(job, JobNames.ENDED)
        .map(text -> MAPPER.readValue(text, StoredEnd.class))
        .map(stored ->
            new RecordedEnd(
                stored.outcome(), stored.startedAt(), stored.finishedAt(), stored.warnings()));
  }

  static boolean isAnswered(Job job) {
    return annotation(job, JobNames.ANSWERED).isPresent();
  }

  static boolean isHeld(Job job) {
    return annotation(job, JobNames.HELD).isPresent();
  }

  /** The Job without its hold, for one that is gone: nobody can release it. */
  static Job withoutHold(Job job) {
    return isHeld(job)
        ? new JobBuilder(job)
            .editMetadata()
            .removeFromAnnotations(JobNames.HELD)
            .endMetadata()
            .build()
        : job;
  }

  static boolean isCancelled(Job job) {
    return annotation(job, JobNames.CANCELLED).isPresent();
  }

  static boolean isGivenUp(Job job) {
    return annotation(job, JobNames.GIVEN_UP).isPresent();
  }

  static Optional<String> annotation(Job job, String name) {
    return Optional.ofNullable(job.getMetadata().getAnnotations())
        .map(annotations -> annotations.get(name));
  }
}
