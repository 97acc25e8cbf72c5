package mstc.cloud.worker.faults.service;

/** The run cannot be made or went wrong itself; its message says what to do. */
public final class FaultsException extends RuntimeException {
  /** With what was wrong and what to do. */
  public FaultsException(String message) {
    super(message);
  }

  /** With what was wrong, and why. */
  public FaultsException(String message, Throwable cause) {
    super(message + ": " + cause.getMessage(), cause);
  }
}
