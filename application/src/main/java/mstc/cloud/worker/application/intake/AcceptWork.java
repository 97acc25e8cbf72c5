package mstc.cloud.worker.application.intake;

import static java.util.function.Predicate.not;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import mstc.cloud.worker.application.admission.Outage;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.application.reply.EarlierReply;
import mstc.cloud.worker.application.reply.ReusedKey;
import mstc.cloud.worker.application.reply.StoredReply;
import mstc.cloud.worker.application.retry.Patience;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobIdentity;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.request.RequestPolicy;
import mstc.cloud.worker.domain.request.Violation;
import mstc.cloud.worker.domain.request.Work;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.domain.store.LogStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out which job a request is: a new one, one on record, or one that has been answered. It
 * looks only at the runtime's records and the log objects, so the decision survives restarts and is
 * the same in every worker.
 */
public final class AcceptWork {
  private static final Logger LOG = LoggerFactory.getLogger(AcceptWork.class);

  private final JobRuntime runtime;
  private final EarlierReply earlierReply;
  private final OutputBuckets outputBuckets;
  private final RequestPolicy policy;
  private final Duration lookPatience;
  private final Duration redeliveryMemory;
  private final Clock clock;
  private final WorkerMetrics metrics;

  /**
   * @param outage notified when the store fails
   * @param policy what new jobs may ask for
   * @param lookPatience how long calls are retried while the store fails for one log or bucket
   *     alone
   * @param redeliveryMemory how long after a job's end a redelivered request still gets that job's
   *     reply
   * @param metrics notified of every job that is created
   */
  public AcceptWork(
      JobRuntime runtime,
      LogStore store,
      ReplyFormat format,
      Outage outage,
      RequestPolicy policy,
      Duration lookPatience,
      Duration redeliveryMemory,
      Clock clock,
      WorkerMetrics metrics) {
    this.runtime = runtime;
    this.earlierReply = new EarlierReply(store, format, outage);
    this.outputBuckets = new OutputBuckets(store, outage, clock);
    this.policy = policy;
    this.lookPatience = lookPatience;
    this.redeliveryMemory = redeliveryMemory;
    this.clock = clock;
    this.metrics = metrics;
  }

  /**
   * A request that is to be accepted; nothing is done about it yet.
   *
   * @param identity decides whether the request is the same as another
   * @param redelivered whether the request may have been accepted before
   * @param replyAddress who waits for the reply
   * @param ours whether the request is still this worker's; called right before each attempt to put
   *     a job on record
   */
  Candidate candidate(
      Work work,
      List<String> warnings,
      JobIdentity identity,
      boolean redelivered,
      Optional<ReplyAddress> replyAddress,
      BooleanSupplier ours) {
    return new Candidate(work, warnings, identity, redelivered, replyAddress, ours);
  }

  /**
   * What {@link Candidate#accept} returns for a key that was used before; empty if it would create
   * a job.
   *
   * @throws mstc.cloud.worker.domain.PortException when the runtime or the store failed
   */
  Optional<Acceptance> findEarlier(
      Work work, List<String> warnings, JobIdentity.IdempotencyKey key) {
    return candidate(work, warnings, key, false, Optional.empty(), () -> true).earlierWork(key);
  }

  /**
   * The reply that is stored with a job's log, or a rejection if the log is another request's;
   * empty if there is no log.
   */
  Optional<Reply> findReply(Job job) {
    return earlierReply
        .find(job, Patience.untilRefused(lookPatience))
        .map(log -> log.replyTo(job.digest()));
  }

  /** One request being accepted, by one thread at a time. */
  final class Candidate {
    private final Work work;
    private final List<String> warnings;
    private final JobIdentity identity;
    private final boolean redelivered;
    private final Optional<ReplyAddress> replyAddress;
    private final BooleanSupplier ours;
    private final Patience patience = Patience.untilRefused(lookPatience);
    private final long begunNanos = System.nanoTime();

    /** The uuid of a job that may be on record, though the runtime did not say so. */
    private Optional<UUID> submitting = Optional.empty();

    private Candidate(
        Work work,
        List<String> warnings,
        JobIdentity identity,
        boolean redelivered,
        Optional<ReplyAddress> replyAddress,
        BooleanSupplier ours) {
      this.work = work;
      this.warnings = warnings;
      this.identity = identity;
      this.redelivered = redelivered;
      this.replyAddress = replyAddress;
      this.ours = ours;
    }

    /**
     * Accepts the request. Blocks; may be repeated after a failure, and does not create a second
     * job then.
     *
     * @throws mstc.cloud.worker.domain.PortException when the runtime or the store failed
     */
    Acceptance accept() {
      return submitting.map(this::lookAgain).orElseGet(this::findOrCreate);
    }

    private Acceptance findOrCreate() {
      return switch (identity) {
        case JobIdentity.IdempotencyKey key -> acceptByKey(key);
        case JobIdentity.Correlation correlation when redelivered -> acceptRedelivery(correlation);
        case JobIdentity.Correlation correlation -> acceptFirstDelivery(correlation);
        case JobIdentity.Unique unique -> create(unique.uuid()).orElseGet(this::createNew);
      };
    }

    /**
     * A client that sends an idempotency key again means the same job, at any time. So the job is
     * held until it is known that it has not run before: a record or log that was not there at the
     * first look may be there now.
     */
    private Acceptance acceptByKey(JobIdentity.IdempotencyKey key) {
      return earlierWork(key).or(() -> hold(key)).orElseGet(() -> acceptByKey(key));
    }

    /** Empty if nothing is known of the key. */
    Optional<Acceptance> earlierWork(JobIdentity.IdempotencyKey key) {
      while (true) {
        Optional<JobRecord> record = runtime.find(key.uuid());
        if (record.isEmpty()) {
          return findLog(key.uuid())
              .map(log ->
                  log.digest().equals(work.digest())
                      ? new Acceptance.Answered(log.reply())
                      : reusedKey(key));
        }
        if (!record.get().job().digest().equals(work.digest())) {
          return Optional.of(reusedKey(key));
        }
        Optional<Acceptance> adopted = adopt(record.get());
        if (adopted.isPresent()) {
          return adopted;
        }
      }
    }

    /** Empty if the name is taken, or the job that was held no longer is. */
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
        case Submission.Created() -> Optional.of(new Acceptance.OnRecord(job));
        case Submission.NameTaken(JobRecord existing) -> nameTaken(existing);
        case Submission.Refused(String reason) -> Optional.of(refused(job, reason));
      };
    }

    /**
     * Lets a held job run if it has not run before. If it had, its log would be there, as no other
     * job of that name can have existed since. This request is then answered from the log; if
     * others have joined the job, the worker that completes jobs answers them and this request.
     * Empty if the job is no longer held.
     */
    private Optional<Acceptance> release(JobRecord held) {
      Job job = held.job();
      Optional<StoredReply> log = earlierReply.find(job, patience);
      if (log.isEmpty()) {
        return runtime.release(held) ? Optional.of(created(job)) : Optional.empty();
      }
      LOG.info("job={} is on record once more, and has run before", job.name());
      Reply reply = log.get().replyTo(job.digest());
      boolean answeredHere =
          held.replyAddresses().equals(replyAddress.stream().toList())
              && runtime.recordAnswer(held, new Answer(reply, Answer.Status.NONE, clock.instant()));
      return Optional.of(
          answeredHere ? new Acceptance.Answered(reply) : new Acceptance.OnRecord(job));
    }

    /** A first delivery is new work, even if the client has used its correlation id before. */
    private Acceptance acceptFirstDelivery(JobIdentity.Correlation correlation) {
      return Optional.of(correlation.uuid())
          .filter(uuid -> findLog(uuid).isEmpty())
          .flatMap(this::create)
          .orElseGet(this::createNew);
    }

    /**
     * A redelivered message is the job that its first delivery started, unless that was long ago.
     */
    private Acceptance acceptRedelivery(JobIdentity.Correlation correlation) {
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
      Optional<StoredReply> log = findLog(correlation.uuid());
      if (log.isPresent()) {
        Reply reply = log.get().reply();
        return reply.finishedAt().filter(not(this::isLongAgo)).isPresent()
            ? new Acceptance.Answered(reply)
            : createNew();
      }
      return create(correlation.uuid()).orElseGet(() -> acceptRedelivery(correlation));
    }

    private Acceptance createNew() {
      return create(UUID.randomUUID()).orElseGet(this::createNew);
    }

    /** Empty if the name is taken. */
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

    /** What keeps a new job from being created; jobs on record are not checked. */
    private List<Violation> violations() {
      List<Violation> violations = policy.violations(work);
      if (!violations.isEmpty() || outputBuckets.has(work.outputBucket(), patience)) {
        return violations;
      }
      return List.of(
          Violation.of(
              "outputBucket",
              work.outputBucket().value(),
              "a bucket that is there (it is the input bucket where none is named): this worker"
                  + " creates none"));
    }

    /**
     * After a failed create: the job may have been created, may have run, and may be gone again.
     * There was no log before, so one that is there now is this job's, or that of a job that the
     * same client started under the same name.
     */
    private Acceptance lookAgain(UUID uuid) {
      if (!ours.getAsBoolean()) {
        return new Acceptance.Abandoned();
      }
      Job job = job(uuid);
      Optional<Submission> submission = runtime.findSubmission(job);
      if (submission.isPresent()) {
        submitting = Optional.empty();
        return accepted(job, submission.get()).orElseGet(this::onNameTaken);
      }
      return findLog(uuid)
          .<Acceptance>map(log -> new Acceptance.Answered(log.reply()))
          .or(() -> create(uuid))
          .orElseGet(this::onNameTaken);
    }

    /** The name is taken by a job that is not this attempt's. */
    private Acceptance onNameTaken() {
      return identity instanceof JobIdentity.Correlation correlation && redelivered
          ? acceptRedelivery(correlation)
          : createNew();
    }

    /** Empty if the name is taken. */
    private Optional<Acceptance> accepted(Job job, Submission submission) {
      return switch (submission) {
        case Submission.Created() -> Optional.of(created(job));
        case Submission.Held(JobRecord held) -> release(held);
        case Submission.NameTaken(JobRecord existing) -> nameTaken(existing);
        case Submission.Refused(String reason) -> Optional.of(refused(job, reason));
      };
    }

    private Acceptance created(Job job) {
      metrics.onCreated(Duration.ofNanos(System.nanoTime() - begunNanos));
      LOG.info("job={} is created: {}", job.name(), work.description());
      return new Acceptance.OnRecord(job);
    }

    private static Optional<Acceptance> nameTaken(JobRecord existing) {
      LOG.debug("job={} is on record already", existing.job().name());
      return Optional.empty();
    }

    private Acceptance refused(Job job, String reason) {
      LOG.warn("job={} is refused: {}", job.name(), reason);
      return new Acceptance.Answered(Reply.refused(job.name(), reason, warnings));
    }

    /** Empty if the job has gone meanwhile, or is no longer held. */
    private Optional<Acceptance> adopt(JobRecord record) {
      UniqueName name = record.job().name();
      Optional<JobRecord> current =
          replyAddress.isPresent()
              ? runtime.addReplyAddress(name, replyAddress.get())
              : Optional.of(record);
      current.ifPresent(found -> LOG.info("job={} is this request's already", name));
      return current.flatMap(found -> {
        Optional<Acceptance> answered =
            found.answer().map(answer -> new Acceptance.Answered(answer.reply()));
        if (answered.isPresent()) {
          return answered;
        }
        return found.held() ? release(found) : Optional.of(new Acceptance.OnRecord(found.job()));
      });
    }

    private static Acceptance reusedKey(JobIdentity.IdempotencyKey key) {
      return new Acceptance.Answered(ReusedKey.rejection(key.messageId()));
    }

    private Optional<StoredReply> findLog(UUID uuid) {
      return earlierReply.find(job(uuid), patience);
    }

    private Job job(UUID uuid) {
      return new Job(UniqueName.of(work.jobName(), uuid), work, warnings);
    }

    private boolean isLongAgo(Instant end) {
      return end.isBefore(clock.instant().minus(redeliveryMemory));
    }
  }
}
