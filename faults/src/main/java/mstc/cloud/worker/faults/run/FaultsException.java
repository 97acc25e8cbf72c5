package mstc.cloud.worker.faults.run;

/** The run cannot be made or went wrong itself; its message says what to do. */
public final class FaultsException extends RuntimeException {
  /** With what was wrong and what to do. */
  public FaultsException(String message) {
    super(message);
  }

  FaultsException(String message, Throwable cause) {
    super(message + ": " + cause.getMessage(), cause);
  }
}
