package mstc.cloud.worker.application.intake;

import static java.util.function.Predicate.not;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import mstc.cloud.worker.application.metrics.JobMetrics;
import mstc.cloud.worker.application.reply.EarlierLog;
import mstc.cloud.worker.application.reply.LogRecord;
import mstc.cloud.worker.application.reply.ReusedKey;
import mstc.cloud.worker.application.retry.FailureListener;
import mstc.cloud.worker.application.retry.Patience;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobIdentity;
import mstc.cloud.worker.domain.job.RequestDigest;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.request.RequestPolicy;
import mstc.cloud.worker.domain.request.Violation;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.domain.store.ObjectStore;
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
  private final EarlierLog earlierLog;
  private final OutputBuckets outputBuckets;
  private final RequestPolicy policy;
  private final Duration lookPatience;
  private final Duration redeliveryMemory;
  private final Clock clock;
  private final JobMetrics metrics;

  /**
   * @param outage told when the store fails
   * @param policy what new jobs may ask for
   * @param lookPatience for how long the store is asked that fails for one log or bucket alone
   * @param redeliveryMemory for how long after a job's end a redelivered request is answered with
   *     it
   * @param metrics told of every job that is created
   */
  public AcceptWork(
      JobRuntime runtime,
      ObjectStore store,
      ReplyFormat format,
      FailureListener outage,
      RequestPolicy policy,
      Duration lookPatience,
      Duration redeliveryMemory,
      Clock clock,
      JobMetrics metrics) {
    this.runtime = runtime;
    this.earlierLog = new EarlierLog(store, format, outage);
    this.outputBuckets = new OutputBuckets(store, outage, clock);
    this.policy = policy;
    this.lookPatience = lookPatience;
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
   * @param ours asked right before each attempt to put a job on record
   */
  Attempt attempt(
      WorkRequest request,
      List<String> warnings,
      JobIdentity identity,
      boolean redelivered,
      Optional<ReplyAddress> replyAddress,
      BooleanSupplier ours) {
    return new Attempt(request, warnings, identity, redelivered, replyAddress, ours);
  }

  /**
   * What {@link Attempt#accept} gives for a key that was used before; empty where it would begin a
   * job.
   *
   * @throws mstc.cloud.worker.domain.PortException when the runtime or the store failed
   */
  Optional<Acceptance> findEarlier(
      WorkRequest request, List<String> warnings, JobIdentity.IdempotencyKey key) {
    return attempt(request, warnings, key, false, Optional.empty(), () -> true).earlierWork(key);
  }

  /**
   * The reply that is stored with a job's log, or that the log is another request's; empty where
   * there is none.
   */
  Optional<Reply> findReply(UniqueName name, WorkRequest request) {
    Job job = new Job(name, request, List.of());
    return earlierLog.find(job, new Patience(lookPatience)).map(log -> log.replyTo(job.digest()));
  }

  /** One request being accepted, by one thread at a time. */
  final class Attempt {
    private final WorkRequest request;
    private final List<String> warnings;
    private final JobIdentity identity;
    private final boolean redelivered;
    private final Optional<ReplyAddress> replyAddress;
    private final BooleanSupplier ours;
    private final Patience patience = new Patience(lookPatience);

    /** Of a job that may be on record, though the runtime did not say so. */
    private Optional<UUID> submitting = Optional.empty();

    private Attempt(
        WorkRequest request,
        List<String> warnings,
        JobIdentity identity,
        boolean redelivered,
        Optional<ReplyAddress> replyAddress,
        BooleanSupplier ours) {
      this.request = request;
      this.warnings = warnings;
      this.identity = identity;
      this.redelivered = redelivered;
      this.replyAddress = replyAddress;
      this.ours = ours;
    }

    /**
     * Accepts the request. Blocks; may be repeated when it failed, and is then sure not to make a
     * second job of it.
     *
     * @throws mstc.cloud.worker.domain.PortException when the runtime or the store failed
     */
    Acceptance accept() {
      return submitting.map(this::lookAgain).orElseGet(this::find);
    }

    private Acceptance find() {
      return switch (identity) {
        case JobIdentity.IdempotencyKey key -> sameWork(key);
        case JobIdentity.Correlation correlation when redelivered -> again(correlation);
        case JobIdentity.Correlation correlation -> first(correlation);
        case JobIdentity.Unique unique -> create(unique.uuid()).orElseGet(this::createNew);
      };
    }

    /**
     * Whoever sends an idempotency key again means the same job, whenever. So its job is held until
     * it is known that it has not run before: what was looked for earlier may have come since.
     */
    private Acceptance sameWork(JobIdentity.IdempotencyKey key) {
      return earlierWork(key).or(() -> hold(key)).orElseGet(() -> sameWork(key));
    }

    /** Empty where nothing is known of the key. */
    Optional<Acceptance> earlierWork(JobIdentity.IdempotencyKey key) {
      while (true) {
        Optional<JobRecord> record = runtime.find(key.uuid());
        if (record.isEmpty()) {
          return findLog(key.uuid())
              .map(log ->
                  log.digest().equals(RequestDigest.of(request))
                      ? new Acceptance.Answered(log.reply())
                      : reusedKey(key));
        }
        if (!record.get().job().digest().equals(RequestDigest.of(request))) {
          return Optional.of(reusedKey(key));
        }
        Optional<Acceptance> adopted = adopt(record.get());
        if (adopted.isPresent()) {
          return adopted;
        }
      }
    }

    /** Empty where the name is taken, or what was held is held no longer. */
    private Optional<Acceptance> hold(JobIdentity.IdempotencyKey key) {
      if (!ours.getAsBoolean()) {
        return Optional.of(new Acceptance.Abandoned());
      }
      List<Violation> violations = violations();
      if (!violations.isEmpty()) {
        return Optional.of(new Acceptance.Invalid(violations));
      }
      Job job = job(key.uuid());
      return switch (runtime.hold(job, replyAddress)) {
        case Submission.Held(JobRecord held) -> release(held);
        case Submission.Created() -> Optional.of(new Acceptance.OnRecord(job.name()));
        case Submission.NameTaken(JobRecord existing) -> nameTaken(existing);
        case Submission.Refused(String reason) -> Optional.of(refused(job, reason));
      };
    }

    /**
     * Lets a held job run if it has not run before: its log would be there, as no other job of the
     * name was there since. Where it is, this request is answered from it; whoever else has joined
     * the job is answered by the worker that completes jobs, and this request with them. Empty
     * where the job is no longer held.
     */
    private Optional<Acceptance> release(JobRecord held) {
      Job job = held.job();
      Optional<LogRecord> log = earlierLog.find(job, patience);
      if (log.isEmpty()) {
        return runtime.release(held) ? Optional.of(created(job)) : Optional.empty();
      }
      LOG.info("Job {} is on record once more, and has run before", job.name());
      Reply reply = log.get().replyTo(job.digest());
      boolean answeredHere =
          held.replyAddresses().equals(replyAddress.stream().toList())
              && runtime.recordAnswer(
                  held, new Answer(reply, Answer.Delivery.NONE, clock.instant()));
      return Optional.of(
          answeredHere ? new Acceptance.Answered(reply) : new Acceptance.OnRecord(job.name()));
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
      if (!ours.getAsBoolean()) {
        return Optional.of(new Acceptance.Abandoned());
      }
      List<Violation> violations = violations();
      if (!violations.isEmpty()) {
        return Optional.of(new Acceptance.Invalid(violations));
      }
      Job job = job(uuid);
      submitting = Optional.of(uuid);
      Submission submission = runtime.submit(job, replyAddress);
      submitting = Optional.empty();
      return accepted(job, submission);
    }

    /** What keeps a new job from being made; jobs on record are not asked. */
    private List<Violation> violations() {
      List<Violation> violations = policy.violations(request);
      if (!violations.isEmpty() || outputBuckets.has(request.outputBucket(), patience)) {
        return violations;
      }
      return List.of(
          Violation.of(
              "outputBucket",
              request.outputBucket().value(),
              "a bucket that is there (it is the input bucket where none is named): this worker"
                  + " creates none"));
    }

    /**
     * After a failed create: its job may have been created, may have run, and may be gone again.
     * There was no log before, so one that is there now is this job's, or that of a job which the
     * same client began under the same name.
     */
    private Acceptance lookAgain(UUID uuid) {
      if (!ours.getAsBoolean()) {
        return new Acceptance.Abandoned();
      }
      Job job = job(uuid);
      Optional<Submission> submission = runtime.findSubmission(job);
      if (submission.isPresent()) {
        submitting = Optional.empty();
        return accepted(job, submission.get()).orElseGet(this::anothers);
      }
      return findLog(uuid)
          .<Acceptance>map(log -> new Acceptance.Answered(log.reply()))
          .or(() -> create(uuid))
          .orElseGet(this::anothers);
    }

    /** The name is taken by a job that is not this attempt's. */
    private Acceptance anothers() {
      return identity instanceof JobIdentity.Correlation correlation && redelivered
          ? again(correlation)
          : createNew();
    }

    /** Empty where the name is taken. */
    private Optional<Acceptance> accepted(Job job, Submission submission) {
      return switch (submission) {
        case Submission.Created() -> Optional.of(created(job));
        case Submission.Held(JobRecord held) -> release(held);
        case Submission.NameTaken(JobRecord existing) -> nameTaken(existing);
        case Submission.Refused(String reason) -> Optional.of(refused(job, reason));
      };
    }

    private Acceptance created(Job job) {
      metrics.onCreated();
      LOG.info(
          "Job {} created: image {}, timeout {} min",
          job.name(),
          request.image(),
          request.timeout().toMinutes());
      return new Acceptance.OnRecord(job.name());
    }

    private static Optional<Acceptance> nameTaken(JobRecord existing) {
      LOG.debug("Job {} is on record already", existing.job().name());
      return Optional.empty();
    }

    private Acceptance refused(Job job, String reason) {
      LOG.warn("Job {} refused: {}", job.name(), reason);
      return new Acceptance.Answered(Reply.refused(job.name(), reason, warnings));
    }

    /** Empty where the job has gone in the meantime, or is no longer held. */
    private Optional<Acceptance> adopt(JobRecord record) {
      UniqueName name = record.job().name();
      Optional<JobRecord> current =
          replyAddress.isPresent()
              ? runtime.addReplyAddress(name, replyAddress.get())
              : Optional.of(record);
      current.ifPresent(found -> LOG.info("Job {} is this request's already", name));
      return current.flatMap(found -> {
        Optional<Acceptance> answered =
            found.answer().map(answer -> new Acceptance.Answered(answer.reply()));
        if (answered.isPresent()) {
          return answered;
        }
        return found.held() ? release(found) : Optional.of(new Acceptance.OnRecord(name));
      });
    }

    private static Acceptance reusedKey(JobIdentity.IdempotencyKey key) {
      return new Acceptance.Answered(ReusedKey.rejection(key.messageId()));
    }

    private Optional<LogRecord> findLog(UUID uuid) {
      return earlierLog.find(job(uuid), patience);
    }

    private Job job(UUID uuid) {
      return new Job(UniqueName.of(request.jobName(), uuid), request, warnings);
    }

    private boolean isLongAgo(Instant end) {
      return end.isBefore(clock.instant().minus(redeliveryMemory));
    }
  }
}
