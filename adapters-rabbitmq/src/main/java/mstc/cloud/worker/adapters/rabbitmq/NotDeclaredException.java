package mstc.cloud.worker.adapters.rabbitmq;

import java.io.IOException;

/** Something that the worker needs is missing on the broker, and its user may not declare it. */
final class NotDeclaredException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param what the exchange or queue
   */
  NotDeclaredException(String what, IOException cause) {
    super(
        what
            + " does not exist, and this user may not declare it: declare it, or give the user the"
            + " right to configure it",
        cause);
  }
}
