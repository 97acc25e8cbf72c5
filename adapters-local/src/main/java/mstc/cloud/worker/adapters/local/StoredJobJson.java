package mstc.cloud.worker.adapters.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.wire.ReplyJson;
import mstc.cloud.worker.wire.RequestJson;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The JSON of a job's record, the request and the reply in it as on the wire. */
final class StoredJobJson {
  /** In ASCII, which has a form for every text, broken ones that came from elsewhere too. */
  private static final JsonMapper ASCII =
      JsonMapper.builder(JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build())
          .build();

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final ReplyJson REPLIES = new ReplyJson();

  private StoredJobJson() {}

  private record Stored(
      String name,
      JsonNode request,
      String requestSha256,
      List<String> warnings,
      Optional<String> id,
      List<ReplyAddress> replyAddresses,
      Optional<Boolean> held,
      Optional<Instant> startNoted,
      boolean cancelled,
      Optional<Boolean> givenUp,
      Optional<StoredEnding> ending,
      Optional<StoredAnswer> answer) {}

  private record StoredEnding(
      JobOutcome.Kind outcome,
      OptionalInt exitCode,
      Optional<String> detail,
      Optional<Instant> startedAt,
      Instant finishedAt,
      boolean logComplete,
      List<String> warnings) {}

  private record StoredAnswer(JsonNode reply, Answer.Delivery delivery, Instant at) {}

  /**
   * The record as bytes.
   *
   * @throws RuntimeException where the request has no form on the wire
   */
  static byte[] write(StoredJob stored) {
    Job job = stored.job();
    return ASCII
        .writerWithDefaultPrettyPrinter()
        .writeValueAsBytes(
            new Stored(
                job.name().value(),
                MAPPER.readTree(RequestJson.toBytes(job.request())),
                job.digest().value(),
                job.warnings(),
                Optional.of(stored.id()),
                stored.replyAddresses(),
                Optional.of(stored.held()),
                stored.startNoted(),
                stored.cancelled(),
                Optional.of(stored.givenUp()),
                stored.ending().map(StoredJobJson::write),
                stored.answer().map(StoredJobJson::write)));
  }

  private static StoredEnding write(StoredJob.Ending ending) {
    return new StoredEnding(
        ending.outcome().kind(),
        ending.outcome().exitCode(),
        detail(ending.outcome()),
        ending.startedAt(),
        ending.finishedAt(),
        ending.logComplete(),
        ending.warnings());
  }

  private static StoredAnswer write(Answer answer) {
    return new StoredAnswer(
        MAPPER.readTree(REPLIES.toBytes(answer.reply())), answer.delivery(), answer.at());
  }

  /**
   * The record that was written.
   *
   * @throws RuntimeException where the bytes are none, and says what is wrong with them
   */
  static StoredJob read(byte[] bytes) {
    Stored stored = MAPPER.readValue(bytes, Stored.class);
    Job job = new Job(new UniqueName(stored.name()), request(stored), stored.warnings());
    return new StoredJob(
        job,
        // Which records of earlier versions do not have.
        stored.id().orElse(""),
        stored.replyAddresses(),
        stored.held().orElse(false),
        stored.startNoted(),
        stored.cancelled(),
        stored.givenUp().orElse(false),
        stored.ending().map(ending -> read(ending, job.request().timeout())),
        stored.answer().map(StoredJobJson::read));
  }

  private static WorkRequest request(Stored stored) {
    byte[] bytes = MAPPER.writeValueAsBytes(stored.request());
    return switch (RequestJson.parse(bytes)) {
      case ParsedRequest.Valid(WorkRequest request, List<String> warnings) -> {
        String digest = new Job(new UniqueName(stored.name()), request, warnings).digest().value();
        if (!digest.equals(stored.requestSha256())) {
          throw new IllegalArgumentException("the request has another digest than was noted");
        }
        yield request;
      }
      case ParsedRequest.Invalid invalid ->
          throw new IllegalArgumentException("the request is invalid: " + invalid.violations());
      case ParsedRequest.Unreadable unreadable ->
          throw new IllegalArgumentException(unreadable.reason());
    };
  }

  private static StoredJob.Ending read(StoredEnding ending, Duration timeout) {
    return new StoredJob.Ending(
        outcome(ending, timeout),
        ending.startedAt(),
        ending.finishedAt(),
        ending.logComplete(),
        ending.warnings());
  }

  private static Answer read(StoredAnswer answer) {
    String reply = new String(MAPPER.writeValueAsBytes(answer.reply()), UTF_8);
    return new Answer(
        REPLIES
            .parse(reply)
            .orElseThrow(() -> new IllegalArgumentException("the answer's reply is none")),
        answer.delivery(),
        answer.at());
  }

  private static Optional<String> detail(JobOutcome outcome) {
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

  private static JobOutcome outcome(StoredEnding ending, Duration timeout) {
    String detail = ending.detail().orElse("");
    return switch (ending.outcome()) {
      case SUCCEEDED -> new JobOutcome.Succeeded();
      case FAILED ->
          ending.exitCode().isPresent()
              ? new JobOutcome.Failed(ending.exitCode().getAsInt())
              : new JobOutcome.NotStarted(detail);
      case TIMED_OUT -> new JobOutcome.TimedOut(timeout, ending.detail());
      case OUT_OF_MEMORY -> new JobOutcome.OutOfMemory(ending.exitCode());
      case IMAGE_UNAVAILABLE -> new JobOutcome.ImageUnavailable(detail);
      case EVICTED -> new JobOutcome.Evicted(detail);
      case CANCELLED -> new JobOutcome.Cancelled();
      case LOST -> new JobOutcome.Lost(detail);
      case REJECTED -> new JobOutcome.Rejected(detail);
    };
  }
}
