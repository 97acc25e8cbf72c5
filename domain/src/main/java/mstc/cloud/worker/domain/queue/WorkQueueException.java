package mstc.cloud.worker.domain.queue;

import mstc.cloud.worker.domain.PortException;
import org.jspecify.annotations.Nullable;

/** The queue failed or refused. The message names the broker or queue and the reason. */
public final class WorkQueueException extends PortException {
  private static final long serialVersionUID = 1L;

  private WorkQueueException(String message, @Nullable Throwable cause, boolean retryable) {
    super(message, cause, retryable);
  }

  /** A failure that may have passed when the call is repeated: no connection, a time-out. */
  public static WorkQueueException retryable(String message, @Nullable Throwable cause) {
    return new WorkQueueException(message, cause, true);
  }

  /** A refusal that stays until someone changes something: no permission, a message too large. */
  public static WorkQueueException permanent(String message, @Nullable Throwable cause) {
    return new WorkQueueException(message, cause, false);
  }
}
