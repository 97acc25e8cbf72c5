package mstc.cloud.worker.application.retry;

import mstc.cloud.worker.domain.PortException;

/** Told when another system does not do its part and is tried again. */
@FunctionalInterface
public interface FailureListener {

  /** The system failed, and will be tried again. Returns soon. */
  void onFailure(PortException failure);
}
