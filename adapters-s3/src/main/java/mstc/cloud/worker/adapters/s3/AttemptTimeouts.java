package mstc.cloud.worker.adapters.s3;

import java.time.Duration;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;

/**
 * How long an attempt at a request may take.
 *
 * @param request for an attempt that sends next to nothing; the client's default
 */
record AttemptTimeouts(Duration request) {
  private static final long SLOWEST_BYTES_PER_SECOND = 1L << 16;
  private static final Duration COMPLETION = Duration.ofMinutes(10);
  private static final Duration CLEAN_UP = Duration.ofSeconds(5);

  AwsRequestOverrideConfiguration toSend(long bytes) {
    return attempt(request.plusSeconds(bytes / SLOWEST_BYTES_PER_SECOND));
  }

  /** S3 may need minutes to assemble the parts. */
  AwsRequestOverrideConfiguration toCompleteAnUpload() {
    return attempt(COMPLETION);
  }

  /** Limits all attempts together, as an earlier failure waits to be reported. */
  AwsRequestOverrideConfiguration toCleanUp() {
    return AwsRequestOverrideConfiguration.builder().apiCallTimeout(CLEAN_UP).build();
  }

  private static AwsRequestOverrideConfiguration attempt(Duration timeout) {
    return AwsRequestOverrideConfiguration.builder().apiCallAttemptTimeout(timeout).build();
  }
}
