package mstc.cloud.worker.faults.service;

/** The run cannot be executed or failed itself; the message says what to do. */
public final class FaultsException extends RuntimeException {
  /** The message says what was wrong and what to do. */
  public FaultsException(String message) {
    super(message);
  }

  /** The message says what was wrong; the cause says why. */
  public FaultsException(String message, Throwable cause) {
    super(message + ": " + cause.getMessage(), cause);
  }
}
