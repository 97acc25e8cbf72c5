package mstc.cloud.worker.faults.history;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One thing that happened in a run. A <em>request</em> is a piece of work, identified in the
 * cluster by its job name; a <em>send</em> is one message of it, identified by its correlation id.
 */
public sealed interface Event {
  /** When, by the clock of the machine that ran the faults. */
  Instant at();

  /**
   * The run began.
   *
   * @param leftOut faults that this machine does not allow, and why
   */
  record RunBegun(Instant at, long seed, int minutes, String namespace, List<String> leftOut)
      implements Event {
    public RunBegun {
      leftOut = List.copyOf(leftOut);
    }
  }

  /**
   * A message was handed to the broker, or to a worker over HTTP. Each is sent once.
   *
   * @param messageId the same for all sends of a request that is to be run once
   * @param shape what kind of request it is, for people
   */
  record Sent(
      Instant at,
      String send,
      String request,
      Optional<String> messageId,
      String shape,
      Expected expected)
      implements Event {}

  /**
   * A reply came.
   *
   * @param reply its bytes as text
   * @param redelivered whether the broker had given it to the client before
   */
  record Replied(Instant at, String send, String reply, boolean redelivered) implements Event {}

  /** A fault began. */
  record FaultBegun(Instant at, int number, FaultKind kind, String words) implements Event {}

  /** A fault was mended. */
  record FaultEnded(Instant at, int number) implements Event {}

  /** What was done to a job from outside. */
  enum Meddling {
    CANCELLED,
    JOB_DELETED,
    POD_DELETED,
    POD_EVICTED
  }

  /**
   * Something was done to a job.
   *
   * @param uid of the Job or the pod
   */
  record Meddled(Instant at, String request, Meddling what, String uid) implements Event {}

  /**
   * A Job changed, as the cluster reported.
   *
   * @param answered whether its answer is noted on it
   * @param ended whether it is complete or failed
   */
  record JobSeen(
      Instant at,
      String request,
      String uid,
      String name,
      boolean suspended,
      boolean answered,
      boolean ended,
      boolean gone)
      implements Event {}

  /**
   * A pod changed, as the cluster reported.
   *
   * @param reason the pod's own, such as {@code DeadlineExceeded}
   * @param startedAt when its container started; empty if it has not
   * @param finishedAt when its container ended
   * @param disrupted whether the cluster took it away
   */
  record PodSeen(
      Instant at,
      String request,
      String jobUid,
      String uid,
      String phase,
      Optional<String> reason,
      Optional<Instant> startedAt,
      Optional<Instant> finishedAt,
      OptionalInt exitCode,
      boolean deleting,
      boolean disrupted,
      boolean gone)
      implements Event {}

  /**
   * One attempt's part of a stored log.
   *
   * @param same how many of its first bytes are those that the job writes
   */
  record Part(long bytes, long same) {
    @Override
    public String toString() {
      return bytes == same
          ? "the first " + bytes
          : "%d, of which the first %d are right".formatted(bytes, same);
    }
  }

  /** A stored log, read at the end. */
  record LogRead(Instant at, String request, String object, long bytes, List<Part> parts)
      implements Event {
    public LogRead {
      parts = List.copyOf(parts);
    }
  }

  /** What a process of the worker uses. */
  record ProcessSeen(
      Instant at, int replica, long pid, int threads, int descriptors, long heapKibibytes)
      implements Event {}

  /** A worker did what it should not do, such as exit by itself. */
  record Misbehaved(Instant at, int replica, String words) implements Event {}

  /** All faults are mended; no more requests are sent. */
  record Mended(Instant at) implements Event {}

  /** Every send has its reply, and every Job has its answer noted. */
  record Drained(Instant at) implements Event {}

  /** What might be left behind, but must not be. */
  enum Place {
    WORK_QUEUE,
    DEAD_LETTERS,
    REPLY_QUEUE,
    UPLOAD,
    OBJECT,
    SPOOL,
    TEMPORARY_FILE,
    UNANSWERED_JOB,
    SUSPENDED_JOB
  }

  /**
   * Something was left when everything was over.
   *
   * @param send that it belongs to, if that is known
   */
  record LeftBehind(Instant at, Place place, String words, Optional<String> send)
      implements Event {}
}
