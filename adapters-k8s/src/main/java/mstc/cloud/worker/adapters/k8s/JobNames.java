package mstc.cloud.worker.adapters.k8s;

/** Names that the worker's Jobs and their pods are known by in the cluster. */
final class JobNames {
  static final String WORKER = "mstc-cloud-worker";

  static final String NAME_LABEL = "app.kubernetes.io/name";
  static final String INSTANCE_LABEL = "app.kubernetes.io/instance";
  static final String PART_OF_LABEL = "app.kubernetes.io/part-of";
  static final String MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";
  static final String CREATED_BY_LABEL = "app.kubernetes.io/created-by";
  static final String QUEUE_NAME_LABEL = "kueue.x-k8s.io/queue-name";

  /** The part of the unique name that tells this job from all others, whatever they are called. */
  static final String UUID_LABEL = "mstc/uuid";

  /** Which call of which worker created the Job. */
  static final String ATTEMPT = "mstc/attempt";

  /**
   * That the Job is not to run before it is released, and which queue admits it then; no queue
   * where it is empty.
   */
  static final String HELD = "mstc/held";

  static final String REQUEST = "mstc/request";
  static final String REQUEST_SHA256 = "mstc/request-sha256";
  static final String WARNINGS = "mstc/warnings";
  static final String REPLY_TO = "mstc/reply-to";
  static final String LOG = "mstc/log";
  static final String ANSWERED = "mstc/answered";
  static final String CANCELLED = "mstc/cancelled";

  /** That someone cancelled the job after its end: its answer waits for nothing any more. */
  static final String GIVEN_UP = "mstc/given-up";

  /** How a job ended that the worker ended because it could not start. */
  static final String UNSTARTABLE = "mstc/unstartable";

  /** How a job ended whose Job would have gone on, and was ended for that. */
  static final String ENDED = "mstc/ended";

  private JobNames() {}
}
