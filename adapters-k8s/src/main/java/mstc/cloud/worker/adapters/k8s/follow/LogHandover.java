package mstc.cloud.worker.adapters.k8s.follow;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob;
import mstc.cloud.worker.adapters.k8s.job.TrackedJobs;
import mstc.cloud.worker.adapters.k8s.log.AttachedLogs;
import mstc.cloud.worker.adapters.k8s.log.LogKeeping;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives what was read of logs to the next leader. Another replica opens the long ones first, so
 * that nothing is rotated away unread between the two.
 */
public final class LogHandover {
  private static final Logger LOG = LoggerFactory.getLogger(LogHandover.class);

  /** How long a leader that stops waits for another replica to open the logs that it reads. */
  private static final Duration ATTACH_PATIENCE = Duration.ofSeconds(3);

  /** And then for its own streams, to be sure of what it has read. */
  private static final Duration LEAVE_PATIENCE = Duration.ofSeconds(10);

  /** And for the object store, to keep that. */
  private static final Duration KEEP_PATIENCE = Duration.ofSeconds(15);

  private final TrackedJobs tracked;
  private final AttachedLogs attached;
  private final DepartureNotes departure;

  public LogHandover(
      TrackedJobs tracked,
      AttachedLogs attached,
      LeaseNotes notes,
      String identity,
      Executor threads) {
    this.tracked = tracked;
    this.attached = attached;
    this.departure = new DepartureNotes(notes, identity, threads, this::attach);
  }

  /** The Lease has changed. Returns at once. */
  public void onLease(Lease lease) {
    departure.onLease(lease);
  }

  /** Opens the long logs of a leader that is about to stop. */
  private void attach(Set<String> podUids) {
    List<AttachedLogs.Target> targets =
        tracked.listUnanswered().values().stream()
            .map(TrackedJob::snapshot)
            .flatMap(snapshot -> snapshot.pods().stream())
            .filter(pod -> podUids.contains(pod.uid()))
            .map(pod -> new AttachedLogs.Target(pod.uid(), PodLogs.container(pod.pod())))
            .toList();
    try {
      attached.attach(targets);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Leaves the followers' logs to another replica. Blocks until that is done, or takes too long.
   */
  void handOver(List<JobFollower> following, LogKeeping keeping) {
    try {
      Set<String> longLogs =
          following.stream()
              .flatMap(follower -> follower.longLogs().stream())
              .collect(Collectors.toSet());
      if (!longLogs.isEmpty()) {
        departure.announce(longLogs, ATTACH_PATIENCE);
      }
      following.forEach(JobFollower::leave);
      long deadline = System.nanoTime() + LEAVE_PATIENCE.toNanos();
      for (JobFollower follower : following) {
        follower.awaitLeft(Duration.ofNanos(deadline - System.nanoTime()));
      }
      keeping.keepAll(KEEP_PATIENCE);
    } catch (InterruptedException e) {
      LOG.warn("What was read of logs is not handed over: interrupted");
      Thread.currentThread().interrupt();
    }
  }
}
