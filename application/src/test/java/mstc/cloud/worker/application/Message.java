package mstc.cloud.worker.application;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobIdentity;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.wire.RequestJson;

/** A message as a client sends it. */
record Message(
    String body,
    Optional<String> messageId,
    Optional<String> correlationId,
    Optional<String> replyQueue,
    boolean redelivered) {
  static final String BUCKET = "results";

  /** A request for a job of that name. */
  static Message of(String jobName) {
    return ofBody(
        """
        {"image": "solver:1", "jobName": "%s", "inputBucket": "%s"}\
        """
            .formatted(jobName, BUCKET));
  }

  static Message ofBody(String body) {
    return new Message(body, Optional.empty(), Optional.empty(), Optional.empty(), false);
  }

  Message messageId(String id) {
    return new Message(body, Optional.of(id), correlationId, replyQueue, redelivered);
  }

  Message correlationId(String id) {
    return new Message(body, messageId, Optional.of(id), replyQueue, redelivered);
  }

  Message replyTo(String queue) {
    return new Message(body, messageId, correlationId, Optional.of(queue), redelivered);
  }

  /** The same message, delivered once more. */
  Message again() {
    return new Message(body, messageId, correlationId, replyQueue, true);
  }

  ParsedRequest parsed() {
    return RequestJson.parse(body.getBytes(StandardCharsets.UTF_8));
  }

  WorkRequest request() {
    return (WorkRequest) ((ParsedRequest.Valid) parsed()).work();
  }

  /** The job that the message is by its id. */
  Job job() {
    return new Job(
        UniqueName.of(
            request().jobName(), new JobIdentity.IdempotencyKey(messageId.orElse("none")).uuid()),
        request(),
        List.of());
  }

  Delivery delivery() {
    return new Delivery(
        parsed(), messageId, correlationId, replyQueue, redelivered, Optional.empty());
  }
}
