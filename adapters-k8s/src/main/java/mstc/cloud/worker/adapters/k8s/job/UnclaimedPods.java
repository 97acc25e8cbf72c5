package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Pods whose Job is not known yet, as two watches are not in step. Not every Job becomes known, so
 * those of the Jobs that were named first are dropped when there are too many: the next list of
 * pods has them, if they still exist. Not safe for several threads.
 */
final class UnclaimedPods {
  /** Many more Jobs than one watch is behind the other. */
  private static final int MAX_JOBS = 10_000;

  private final LinkedHashMap<String, Map<String, Pod>> byJobUid = new LinkedHashMap<>();

  public void put(String jobUid, Pod pod) {
    byJobUid
        .computeIfAbsent(jobUid, first -> new LinkedHashMap<>())
        .put(pod.getMetadata().getUid(), pod);
    if (byJobUid.size() > MAX_JOBS) {
      byJobUid.pollFirstEntry();
    }
  }

  /** The pods of a Job that has become known, which are no longer kept here. */
  public Collection<Pod> take(String jobUid) {
    Map<String, Pod> pods = byJobUid.remove(jobUid);
    return pods == null ? List.of() : pods.values();
  }

  public void remove(String jobUid, Pod pod) {
    byJobUid.computeIfPresent(
        jobUid,
        (uid, pods) -> {
          pods.remove(pod.getMetadata().getUid());
          return pods.isEmpty() ? null : pods;
        });
  }

  /**
   * Removes the pods that a complete list did not have.
   *
   * @param version the list's
   */
  public void retain(Set<String> uids, String version) {
    byJobUid
        .values()
        .removeIf(pods -> {
          pods.values()
              .removeIf(pod ->
                  !uids.contains(pod.getMetadata().getUid())
                      && TrackedJob.isNewer(version, pod.getMetadata().getResourceVersion()));
          return pods.isEmpty();
        });
  }
}
