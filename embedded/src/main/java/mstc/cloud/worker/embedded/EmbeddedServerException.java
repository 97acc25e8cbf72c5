package mstc.cloud.worker.embedded;

import org.jspecify.annotations.Nullable;

/** An embedded server could not be started for a reason other than its port. */
public final class EmbeddedServerException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  EmbeddedServerException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
