package mstc.cloud.worker.adapters.k8s.job;

/** The names by which the worker's Jobs and their pods are known in the cluster. */
public final class JobNames {
  public static final String WORKER = "mstc-cloud-worker";

  public static final String NAME_LABEL = "app.kubernetes.io/name";
  static final String INSTANCE_LABEL = "app.kubernetes.io/instance";
  static final String PART_OF_LABEL = "app.kubernetes.io/part-of";
  public static final String MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";
  static final String CREATED_BY_LABEL = "app.kubernetes.io/created-by";
  static final String QUEUE_NAME_LABEL = "kueue.x-k8s.io/queue-name";

  /** The part of the unique name that tells this job from all others, whatever their names. */
  static final String UUID_LABEL = "mstc/uuid";

  /** Tells the call that created the Job from all others. */
  public static final String CREATE_ID = "mstc/attempt";

  /**
   * That the Job is not to run before it is released, and which queue admits it then; empty for no
   * queue.
   */
  static final String HELD = "mstc/held";

  static final String REQUEST = "mstc/request";

  /** For people who use kubectl; the worker itself computes the request's digest. */
  static final String REQUEST_SHA256 = "mstc/request-sha256";

  static final String WARNINGS = "mstc/warnings";
  public static final String REPLY_TO = "mstc/reply-to";

  /** Where the log goes, for people who use kubectl. */
  static final String LOG = "mstc/log";

  static final String ANSWERED = "mstc/answered";
  static final String CANCELLED = "mstc/cancelled";

  /** That someone cancelled the job after its end: its answer no longer waits for anything. */
  public static final String GIVEN_UP = "mstc/given-up";

  /** How a job ended that the worker ended because it could not start. */
  static final String UNSTARTABLE = "mstc/unstartable";

  /** How a job ended whose Job would have gone on, so that the worker ended it. */
  static final String ENDED = "mstc/ended";

  private JobNames() {}
}
