package mstc.cloud.worker.domain.request;

import java.util.Map;
import java.util.Set;

/**
 * The environment variables that the worker sets for its jobs. Their names are part of its contract
 * with jobs, whichever runtime runs them and whichever store keeps their objects.
 */
public final class JobVariables {
  /** Tells a program that it runs as a job; always {@code true}. */
  public static final String JOB = "MSTC_JOB";

  public static final String INPUT_BUCKET = "INPUT_BUCKET";
  public static final String OUTPUT_BUCKET = "OUTPUT_BUCKET";

  /** The request's prefix; absent if it has none. */
  public static final String FILE_PREFIX = "FILE_PREFIX";

  public static final String MINIO_HOST = "MINIO_SERVICE_HOST";
  public static final String MINIO_PORT = "MINIO_SERVICE_PORT";
  public static final String MINIO_USER = "MINIO_ROOT_USER";
  public static final String MINIO_PASSWORD = "MINIO_ROOT_PASSWORD";
  public static final String AWS_ENDPOINT_URL = "AWS_ENDPOINT_URL";
  public static final String AWS_REGION = "AWS_REGION";
  public static final String AWS_ACCESS_KEY_ID = "AWS_ACCESS_KEY_ID";
  public static final String AWS_SECRET_ACCESS_KEY = "AWS_SECRET_ACCESS_KEY";

  /** All of them; a request must not set any. */
  static final Set<String> ALL =
      Set.of(
          JOB,
          INPUT_BUCKET,
          OUTPUT_BUCKET,
          FILE_PREFIX,
          MINIO_HOST,
          MINIO_PORT,
          MINIO_USER,
          MINIO_PASSWORD,
          AWS_ENDPOINT_URL,
          AWS_REGION,
          AWS_ACCESS_KEY_ID,
          AWS_SECRET_ACCESS_KEY);

  private JobVariables() {}

  /** Adds what depends on the work alone, and overrides what else is set under these names. */
  public static void set(ContainerWork work, Map<String, String> variables) {
    variables.put(JOB, "true");
    variables.put(INPUT_BUCKET, work.inputBucket().value());
    variables.put(OUTPUT_BUCKET, work.outputBucket().value());
    // Its absence tells the job something, so no other source may set it either.
    variables.remove(FILE_PREFIX);
    work.prefix().ifPresent(prefix -> variables.put(FILE_PREFIX, prefix.value()));
  }
}
