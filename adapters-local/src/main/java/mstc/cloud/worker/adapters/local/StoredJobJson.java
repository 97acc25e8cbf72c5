package mstc.cloud.worker.adapters.local;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.Work;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.wire.EndJson;
import mstc.cloud.worker.wire.RecordJson;
import mstc.cloud.worker.wire.RecordedEnd;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The JSON of a job's record: the work in its own format, the reply as on the wire. */
final class StoredJobJson {
  /** In ASCII, which can represent every text, even broken ones that came from elsewhere. */
  private static final JsonMapper ASCII =
      JsonMapper.builder(JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build())
          .build();

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private final WorkFormat format;

  StoredJobJson(WorkFormat format) {
    this.format = format;
  }

  private record Stored(
      String name,
      JsonNode request,
      String requestSha256,
      List<String> warnings,
      Optional<String> id,
      JsonNode replyAddresses,
      Optional<Boolean> held,
      Optional<Instant> startNoted,
      boolean cancelled,
      Optional<Boolean> givenUp,
      Optional<JsonNode> ending,
      Optional<JsonNode> answer) {}

  /**
   * The record as bytes.
   *
   * @throws RuntimeException if the work cannot be written
   */
  byte[] write(StoredJob stored) {
    Job job = stored.job();
    return ASCII
        .writerWithDefaultPrettyPrinter()
        .writeValueAsBytes(
            new Stored(
                job.name().value(),
                MAPPER.readTree(format.format(job.work())),
                job.digest().value(),
                job.warnings(),
                Optional.of(stored.id()),
                RecordJson.write(stored.replyAddresses()),
                Optional.of(stored.held()),
                stored.startNoted(),
                stored.cancelled(),
                Optional.of(stored.givenUp()),
                stored.ending().map(StoredJobJson::write),
                stored.answer().map(RecordJson::write)));
  }

  private static JsonNode write(StoredJob.Ending ending) {
    return EndJson.FOLDER.write(
        new RecordedEnd(
            ending.outcome(),
            ending.startedAt(),
            ending.finishedAt(),
            Optional.of(ending.logComplete()),
            ending.warnings()));
  }

  /**
   * The record that was written.
   *
   * @throws RuntimeException if the bytes are not a record, and says what is wrong with them
   */
  StoredJob read(byte[] bytes) {
    Stored stored = MAPPER.readValue(bytes, Stored.class);
    ContainerWork work = work(stored);
    Job job = new Job(new UniqueName(stored.name()), work, stored.warnings());
    return new StoredJob(
        job,
        // Records of earlier versions do not have one.
        stored.id().orElse(""),
        RecordJson.readReplyAddresses(stored.replyAddresses()),
        stored.held().orElse(false),
        stored.startNoted(),
        stored.cancelled(),
        stored.givenUp().orElse(false),
        stored.ending().filter(node -> !node.isNull()).map(ending -> read(ending, work.timeout())),
        stored.answer().filter(node -> !node.isNull()).map(RecordJson::readAnswer));
  }

  private ContainerWork work(Stored stored) {
    Work work = format.parse(MAPPER.writeValueAsString(stored.request()));
    if (!work.digest().value().equals(stored.requestSha256())) {
      throw new IllegalArgumentException("the request has another digest than was noted");
    }
    return ContainerWork.of(work);
  }

  private static StoredJob.Ending read(JsonNode node, Duration timeout) {
    RecordedEnd end = EndJson.FOLDER.read(node, timeout);
    return new StoredJob.Ending(
        end.outcome(),
        end.startedAt(),
        end.finishedAt(),
        end.logComplete()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "the record does not say whether the whole log was read")),
        end.warnings());
  }
}
