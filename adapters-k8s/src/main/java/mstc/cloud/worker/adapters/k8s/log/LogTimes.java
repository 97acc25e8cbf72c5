package mstc.cloud.worker.adapters.k8s.log;

import java.time.Duration;

/** All times that following logs depends on, and the reason for each. */
public final class LogTimes {
  // A stream that is being read, and when to leave it.

  /**
   * A stream that is read to its end brings nothing, not even its end: a connection has broken off
   * without anyone noticing. A kubelet that only reads a file is never silent for so long.
   */
  static final Duration STALLED = Duration.ofSeconds(30);

  /** The same for a stream that is followed: there the job may be silent as well. */
  static final Duration LONGEST_SILENCE = Duration.ofMinutes(15);

  /**
   * After a container's end: how long a followed stream is silent once all of it has come. The
   * kubelet itself normally ends the stream a second later, for which every short job would wait.
   */
  static final Duration SILENCE_AT_THE_END = Duration.ofMillis(150);

  /**
   * The same for a long log: on a busy machine more is still to come, so this waits for the kubelet
   * to end the stream itself.
   */
  static final Duration SILENCE_AT_A_LONG_END = Duration.ofSeconds(10);

  // A stream that cannot be opened.

  /** Before the second try: a kubelet may not know yet of a container that has just started. */
  public static final Duration FIRST_PAUSE = Duration.ofMillis(300);

  /** The pauses double up to this one: an outage is no storm of calls, and its end is noticed. */
  public static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** For a response of the API server, or the rest of a short one. */
  public static final Duration RESPONSE = Duration.ofSeconds(30);

  /**
   * How long an ended container's log is requested if it cannot be read, as its job's answer waits
   * for it. An API server or a kubelet that restarts is back sooner.
   */
  static final Duration UNREADABLE_END = Duration.ofSeconds(90);

  /**
   * How long an ended container's log waits for room on the disk: as long as a log waits for a
   * store that refuses it. The kubelet keeps it while the pod exists.
   */
  static final Duration NO_ROOM_AT_THE_END = Duration.ofHours(1);

  // Rotation by the kubelet, which checks sizes every ten seconds.

  /**
   * A file is not rotated sooner than this after it was empty: 10 MiB would have to be written and
   * checked in that time, which nothing in the cluster would reveal. A container's start is given
   * in whole seconds, and a second or two pass until it is known to run.
   */
  static final Duration NOT_ROTATED_YET = Duration.ofSeconds(3);

  /** Two rotations are ten seconds apart, so within less than this there is at most one. */
  static final Duration ONE_ROTATION = Duration.ofSeconds(8);

  /** How often to check which file is the newest: at least twice between two rotations. */
  static final Duration ROTATION_LOOK = Duration.ofSeconds(3);

  /** A log that is silent for longer should have been rotated for what it wrote before. */
  static final Duration ROTATED_BY_NOW = Duration.ofSeconds(30);

  /** How often to check then: rarely, as only what is written later can change the result. */
  static final Duration RARE_ROTATION_LOOK = Duration.ofSeconds(60);

  /** Idle connections are cut by systems in between, normally not sooner than this. */
  static final Duration PINNED_ANEW = Duration.ofMinutes(4);

  /** For the last that the container runtime writes to a file that was rotated. */
  static final Duration LAST_WRITES = Duration.ofSeconds(1);

  // What outlives this worker or its leadership.

  /** How often a log's position is noted in the spool: this much is read twice after a crash. */
  static final Duration MARK_INTERVAL = Duration.ofSeconds(2);

  /** How often to check whether a log is to be kept in the store. */
  static final Duration KEEPING_LOOK = Duration.ofSeconds(1);

  /**
   * After this time even a short tail of a long log is kept: the log may grow slowly, or fall
   * silent and be rotated.
   */
  static final Duration KEPT_SOON = Duration.ofSeconds(5);

  /** After this time any tail of a long log is kept: that costs at most two calls a minute. */
  static final Duration KEPT_AT_LAST = Duration.ofSeconds(30);

  /**
   * How long a store that fails for one job's segments alone is retried: no answer waits longer.
   */
  static final Duration STORE_FAILS_FOR_ONE_JOB = Duration.ofMinutes(1);

  /** For opening another leader's logs: as long as a leader that stops waits for that. */
  static final Duration ATTACHING = Duration.ofSeconds(3);

  /** How long they stay open: a replica that does not lead by then will not, as another does. */
  static final Duration ATTACHED = Duration.ofSeconds(30);

  private LogTimes() {}
}
