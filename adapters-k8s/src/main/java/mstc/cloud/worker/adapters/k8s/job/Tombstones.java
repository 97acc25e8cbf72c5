package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.util.LinkedHashMap;
import java.util.Optional;

/**
 * Jobs that are gone and no longer kept: late reports of them have no effect. A watch also says
 * that a Job is gone when someone takes its label away, so a report that is newer is of a Job that
 * is back. The oldest are forgotten. Not safe for several threads.
 */
final class Tombstones {
  /** Many more than are deleted during one call. */
  private static final int MAX = 10_000;

  /** The version after which a Job may be back; empty if it never will be. */
  private final LinkedHashMap<String, Optional<String>> byUid = new LinkedHashMap<>();

  /**
   * That a Job is gone.
   *
   * @param version up to which reports of it are late; empty for all, as it does not exist any more
   */
  public void add(String uid, Optional<String> version) {
    byUid.put(uid, version);
    if (byUid.size() > MAX) {
      byUid.pollFirstEntry();
    }
  }

  /** Whether that is a late report. */
  public boolean covers(Job reported) {
    Optional<String> version = byUid.get(reported.getMetadata().getUid());
    return version != null
        && version
            .filter(gone -> TrackedJob.isNewer(reported.getMetadata().getResourceVersion(), gone))
            .isEmpty();
  }

  /** That a Job is back. */
  public void remove(String uid) {
    byUid.remove(uid);
  }
}
