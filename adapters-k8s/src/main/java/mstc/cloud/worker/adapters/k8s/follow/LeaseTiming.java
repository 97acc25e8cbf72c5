package mstc.cloud.worker.adapters.k8s.follow;

import java.time.Duration;

/** How long the Lease is held, and how it is renewed. */
public interface LeaseTiming {
  Duration lease();

  Duration leaseRenewal();

  Duration leaseRetry();
}
