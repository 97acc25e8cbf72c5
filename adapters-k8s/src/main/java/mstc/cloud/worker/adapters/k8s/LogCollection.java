package mstc.cloud.worker.adapters.k8s;

/**
 * What collecting logs takes: where they come from, where they wait, and where they outlive this
 * worker.
 *
 * @param attached files that were opened while another worker still read
 */
record LogCollection(
    LogSource source, Spool spool, LogArchive archive, LogKeeping keeping, AttachedLogs attached) {}
