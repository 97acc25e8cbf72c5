package mstc.cloud.worker.domain;

import org.jspecify.annotations.Nullable;

/**
 * The base of each port's exception; it says whether trying again can help. An exception of a
 * library leaves an adapter only as the cause of one of these.
 */
public abstract class PortException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String message;
  private final boolean retryable;

  /**
   * @param message names the thing, what was wrong and, if anything can be done, what to do
   * @param retryable whether repeating the call can help
   */
  protected PortException(String message, @Nullable Throwable cause, boolean retryable) {
    super(message, cause);
    this.message = message;
    this.retryable = retryable;
  }

  @Override
  public final String getMessage() {
    return message;
  }

  /** Whether repeating the call can help, without anyone changing anything. */
  public final boolean isRetryable() {
    return retryable;
  }
}
