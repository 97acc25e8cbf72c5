package mstc.cloud.worker.faults.load;

/** The kind of a request. */
public enum Shape {
  /** A line and a success. */
  SHORT(24),
  /** A line and another exit code. */
  EXIT_CODE(10),
  /** Nothing for a while, then a success. */
  SILENT(7),
  /** A few lines with pauses. */
  SOME_LINES(14),
  /** A line, then at once more than the kubelet keeps in one file, then silence. */
  AT_ONCE(9),
  /** 20 MB over half a minute. */
  STEADY(5),
  /** Lines that take long to write, more than the kubelet keeps in one file. */
  LONG_LINES(5),
  /** Attempts that fail, and one that succeeds. */
  RETRIED(5),
  /** Longer than its timeout. */
  TIMEOUT(4),
  /** Cancelled over HTTP while it runs. */
  CANCELLED(4),
  /** Its Job is deleted while it runs. */
  JOB_DELETED(3),
  /** Run over HTTP. */
  OVER_HTTP(4),
  /** A value that is not allowed. */
  INVALID(4),
  /** Not JSON. */
  UNREADABLE(2);

  private final int weight;

  Shape(int weight) {
    this.weight = weight;
  }

  /** How often it is drawn, relative to the others. */
  int weight() {
    return weight;
  }

  /** Whether its result is promised when it is sent again: not if its run may go unseen. */
  boolean mayBeSentAgain() {
    return this != INVALID && this != UNREADABLE && this != JOB_DELETED;
  }
}
