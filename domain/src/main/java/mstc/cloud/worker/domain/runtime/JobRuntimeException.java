package mstc.cloud.worker.domain.runtime;

import mstc.cloud.worker.domain.PortException;
import org.jspecify.annotations.Nullable;

/** The job runtime failed. The message names the job or the runtime, and the reason. */
public final class JobRuntimeException extends PortException {
  private static final long serialVersionUID = 1L;

  private JobRuntimeException(String message, @Nullable Throwable cause, boolean retryable) {
    super(message, cause, retryable);
  }

  /** A failure that may have passed when the call is repeated: no connection, a quota, a 5xx. */
  public static JobRuntimeException retryable(String message, @Nullable Throwable cause) {
    return new JobRuntimeException(message, cause, true);
  }

  /** A refusal that stays until someone changes something: a folder in use, a broken record. */
  public static JobRuntimeException permanent(String message, @Nullable Throwable cause) {
    return new JobRuntimeException(message, cause, false);
  }
}
