package mstc.cloud.worker.application.intake;

import static java.util.function.Predicate.not;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.application.metrics.JobMetrics;
import mstc.cloud.worker.application.reply.LogRecord;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobIdentity;
import mstc.cloud.worker.domain.job.RequestDigest;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out which job a request is: a new one, one on record, or one that has been answered. The
 * runtime's records and the log objects are all that is asked, so the decision survives restarts
 * and is the same in every worker.
 */
public final class AcceptWork {
  private static final Logger LOG = LoggerFactory.getLogger(AcceptWork.class);

  private final JobRuntime runtime;
  private final ObjectStore store;
  private final ReplyFormat format;
  private final Duration redeliveryMemory;
  private final Clock clock;
  private final JobMetrics metrics;

  /**
   * @param redeliveryMemory for how long after a job's end a redelivered request is answered with
   *     it
   * @param metrics told of every job that is created
   */
  public AcceptWork(
      JobRuntime runtime,
      ObjectStore store,
      ReplyFormat format,
      Duration redeliveryMemory,
      Clock clock,
      JobMetrics metrics) {
    this.runtime = runtime;
    this.store = store;
    this.format = format;
    this.redeliveryMemory = redeliveryMemory;
    this.clock = clock;
    this.metrics = metrics;
  }

  /**
   * Begins to accept a request.
   *
   * @param identity what makes the request the same as another
   * @param redelivered whether the request may have been accepted before
   * @param replyAddress who waits for the reply
   */
  Attempt attempt(
      WorkRequest request,
      List<String> warnings,
      JobIdentity identity,
      boolean redelivered,
      Optional<ReplyAddress> replyAddress) {
    return new Attempt(request, warnings, identity, redelivered, replyAddress);
  }

  /**
   * What {@link Attempt#accept} gives for a key that was used before; empty where it would begin a
   * job.
   *
   * @throws mstc.cloud.worker.domain.PortException when the runtime or the store failed
   */
  Optional<Acceptance> findEarlier(
      WorkRequest request, List<String> warnings, JobIdentity.IdempotencyKey key) {
    return attempt(request, warnings, key, false, Optional.empty()).earlierWork(key);
  }

  /** The reply that is stored with a job's log; empty where there is none. */
  Optional<Reply> findReply(UniqueName name, WorkRequest request) {
    return LogRecord.find(store, format, new Job(name, request, List.of())).map(LogRecord::reply);
  }

  /** One request being accepted, by one thread at a time. */
  final class Attempt {
    private final WorkRequest request;
    private final List<String> warnings;
    private final JobIdentity identity;
    private final boolean redelivered;
    private final Optional<ReplyAddress> replyAddress;

    /** Of a job that may be on record, though the runtime did not say so. */
    private Optional<UUID> submitting = Optional.empty();

    private Attempt(
        WorkRequest request,
        List<String> warnings,
        JobIdentity identity,
        boolean redelivered,
        Optional<ReplyAddress> replyAddress) {
      this.request = request;
      this.warnings = warnings;
      this.identity = identity;
      this.redelivered = redelivered;
      this.replyAddress = replyAddress;
    }

    /**
     * Accepts the request. Blocks; may be repeated when it failed, and is then sure not to make a
     * second job of it.
     *
     * @throws mstc.cloud.worker.domain.PortException when the runtime or the store failed
     */
    Acceptance accept() {
      return submitting.flatMap(this::create).orElseGet(this::find);
    }

    private Acceptance find() {
      return switch (identity) {
        case JobIdentity.IdempotencyKey key -> sameWork(key);
        case JobIdentity.Correlation correlation when redelivered -> again(correlation);
        case JobIdentity.Correlation correlation -> first(correlation);
        case JobIdentity.Unique unique -> create(unique.uuid()).orElseGet(this::createNew);
      };
    }

    /** Whoever sends an idempotency key again means the same job, whenever. */
    private Acceptance sameWork(JobIdentity.IdempotencyKey key) {
      return earlierWork(key).or(() -> create(key.uuid())).orElseGet(() -> sameWork(key));
    }

    /** Empty where nothing is known of the key. */
    Optional<Acceptance> earlierWork(JobIdentity.IdempotencyKey key) {
      RequestDigest digest = RequestDigest.of(request);
      Optional<JobRecord> record = runtime.find(key.uuid());
      if (record.isPresent() && !record.get().job().digest().equals(digest)) {
        return Optional.of(reusedKey(key));
      }
      return record
          .flatMap(this::adopt)
          .or(() ->
              findLog(key.uuid())
                  .map(log ->
                      log.digest().equals(digest)
                          ? new Acceptance.Answered(log.reply())
                          : reusedKey(key)));
    }

    /** A first delivery is new work; what a client sent before under this correlation is not it. */
    private Acceptance first(JobIdentity.Correlation correlation) {
      return Optional.of(correlation.uuid())
          .filter(uuid -> findLog(uuid).isEmpty())
          .flatMap(this::create)
          .orElseGet(this::createNew);
    }

    /** A redelivered message is the job that its first delivery started, if it did not long ago. */
    private Acceptance again(JobIdentity.Correlation correlation) {
      Optional<JobRecord> record = runtime.find(correlation.uuid());
      if (record.isPresent()) {
        Optional<Answer> answer = record.get().answer();
        if (answer.isPresent() && isLongAgo(answer.get().at())) {
          return createNew();
        }
        Optional<Acceptance> adopted = adopt(record.get());
        if (adopted.isPresent()) {
          return adopted.get();
        }
      }
      Optional<LogRecord> log = findLog(correlation.uuid());
      if (log.isPresent()) {
        Reply reply = log.get().reply();
        return reply.finishedAt().filter(not(this::isLongAgo)).isPresent()
            ? new Acceptance.Answered(reply)
            : createNew();
      }
      return create(correlation.uuid()).orElseGet(() -> again(correlation));
    }

    private Acceptance createNew() {
      return create(UUID.randomUUID()).orElseGet(this::createNew);
    }

    /** Empty where the name is taken. */
    private Optional<Acceptance> create(UUID uuid) {
      Job job = job(uuid);
      submitting = Optional.of(uuid);
      Submission submission = runtime.submit(job, replyAddress);
      submitting = Optional.empty();
      return switch (submission) {
        case Submission.Created() -> {
          metrics.onCreated();
          LOG.info(
              "Job {} created: image {}, timeout {} min",
              job.name(),
              request.image(),
              request.timeout().toMinutes());
          yield Optional.of(new Acceptance.OnRecord(job.name()));
        }
        case Submission.NameTaken(JobRecord existing) -> {
          LOG.debug("Job {} is on record already", existing.job().name());
          yield Optional.empty();
        }
        case Submission.Refused(String reason) -> {
          LOG.warn("Job {} refused: {}", job.name(), reason);
          yield Optional.of(new Acceptance.Answered(Reply.refused(job.name(), reason, warnings)));
        }
      };
    }

    /** Empty where the job has gone in the meantime. */
    private Optional<Acceptance> adopt(JobRecord record) {
      UniqueName name = record.job().name();
      Optional<JobRecord> current =
          replyAddress.isPresent()
              ? runtime.addReplyAddress(name, replyAddress.get())
              : Optional.of(record);
      current.ifPresent(found -> LOG.info("Job {} is this request's already", name));
      return current.map(found ->
          found
              .answer()
              .<Acceptance>map(answer -> new Acceptance.Answered(answer.reply()))
              .orElseGet(() -> new Acceptance.OnRecord(name)));
    }

    private Acceptance reusedKey(JobIdentity.IdempotencyKey key) {
      return new Acceptance.Answered(
          Reply.invalid(
              "message_id \"%s\" was used for another request, use a new one"
                  .formatted(key.messageId())));
    }

    private Optional<LogRecord> findLog(UUID uuid) {
      Job job = job(uuid);
      try {
        return LogRecord.find(store, format, job);
      } catch (ObjectStoreException e) {
        if (e.isRetryable()) {
          throw e;
        }
        // Whoever may not read the log may still run the job; completion will tell about the log.
        LOG.warn("Job {}: cannot look for an earlier log: {}", job.name(), e.getMessage());
        return Optional.empty();
      }
    }

    private Job job(UUID uuid) {
      return new Job(UniqueName.of(request.jobName(), uuid), request, warnings);
    }

    private boolean isLongAgo(Instant end) {
      return end.isBefore(clock.instant().minus(redeliveryMemory));
    }
  }
}
