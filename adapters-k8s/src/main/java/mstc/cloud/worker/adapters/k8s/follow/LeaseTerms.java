package mstc.cloud.worker.adapters.k8s.follow;

import java.util.Optional;

/**
 * The Lease that the replicas compete for, and which of them this one is.
 *
 * @param leaseName the same for all replicas
 * @param identity different from every other replica's
 * @param pod that this replica runs in, in the namespace of the Lease; empty if it runs elsewhere
 */
public record LeaseTerms(
    String namespace,
    String leaseName,
    String identity,
    Optional<String> pod,
    LeaseTiming timing) {}
