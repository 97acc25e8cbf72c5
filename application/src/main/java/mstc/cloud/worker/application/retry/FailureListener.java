package mstc.cloud.worker.application.retry;

import mstc.cloud.worker.domain.PortException;

/** Told when another system does not do its part and is tried again. */
@FunctionalInterface
public interface FailureListener {

  /**
   * A call failed, and will be made again. Finds out whether the system as a whole is there, for
   * which it may block as long as that port's check.
   *
   * @return whether it is away; else it failed for what it was asked only, or refuses everything
   */
  boolean onFailure(PortException failure);
}
