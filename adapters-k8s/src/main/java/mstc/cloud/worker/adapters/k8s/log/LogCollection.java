package mstc.cloud.worker.adapters.k8s.log;

/**
 * What collecting logs needs: where they come from, the spool, and where they outlive this worker.
 *
 * @param attached files that were opened while another worker still read them
 */
public record LogCollection(
    LogSource source, Spool spool, LogArchive archive, LogKeeping keeping, AttachedLogs attached) {}
