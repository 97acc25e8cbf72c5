package mstc.cloud.worker.bootstrap.remote;

import mstc.cloud.worker.domain.PortException;
import org.jspecify.annotations.Nullable;

/** A worker could not be reached, or refused. The message says where, why and what to do. */
public final class WorkerApiException extends PortException {
  private static final long serialVersionUID = 1L;

  private WorkerApiException(String message, @Nullable Throwable cause, boolean retryable) {
    super(message, cause, retryable);
  }

  static WorkerApiException retryable(String message, @Nullable Throwable cause) {
    return new WorkerApiException(message, cause, true);
  }

  static WorkerApiException permanent(String message) {
    return new WorkerApiException(message, null, false);
  }
}
