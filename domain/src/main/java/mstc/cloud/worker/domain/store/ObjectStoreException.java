package mstc.cloud.worker.domain.store;

import mstc.cloud.worker.domain.PortException;
import org.jspecify.annotations.Nullable;

/** The object store failed or refused. The message names the object or bucket and the reason. */
public final class ObjectStoreException extends PortException {
  private static final long serialVersionUID = 1L;

  private ObjectStoreException(String message, @Nullable Throwable cause, boolean retryable) {
    super(message, cause, retryable);
  }

  /** A failure that may have passed when the call is repeated: no connection, a time-out, a 5xx. */
  public static ObjectStoreException retryable(String message, @Nullable Throwable cause) {
    return new ObjectStoreException(message, cause, true);
  }

  /** A refusal that stays until someone changes something: 403, no such bucket, bad credentials. */
  public static ObjectStoreException permanent(String message, @Nullable Throwable cause) {
    return new ObjectStoreException(message, cause, false);
  }
}
