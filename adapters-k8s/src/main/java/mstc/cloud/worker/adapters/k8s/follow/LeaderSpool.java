package mstc.cloud.worker.adapters.k8s.follow;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.JobOutcome;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the leader's spool has room for the logs of more jobs. Only the leader reads logs, so all
 * replicas ask this. It notes on the Lease that there is no room and why, and that there is room
 * again.
 */
public final class LeaderSpool implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderSpool.class);

  /** Whose spool is full, and why no more jobs should come. */
  static final String FULL = "mstc/spool-full";

  private static final Duration LOOK = Duration.ofSeconds(1);

  private final LeaseNotes notes;
  private final String identity;
  private final BooleanSupplier leading;
  private final Supplier<Optional<String>> ownProblem;
  private final Thread looking = Thread.ofVirtual().name("leader-spool").unstarted(this::look);

  private volatile Optional<Lease> newest = Optional.empty();

  /**
   * @param leading whether this replica is the leader
   * @param ownProblem why no more jobs should come, by this replica's own spool
   */
  public LeaderSpool(
      LeaseNotes notes,
      String identity,
      BooleanSupplier leading,
      Supplier<Optional<String>> ownProblem) {
    this.notes = notes;
    this.identity = identity;
    this.leading = leading;
    this.ownProblem = ownProblem;
  }

  /** Begins to note the state of this replica's spool while it leads. */
  public void start() {
    looking.start();
  }

  /** The Lease has changed. Returns at once. */
  public void onLease(Lease lease) {
    newest = Optional.of(lease);
  }

  /** Why no more jobs should come; empty if they may. */
  public Optional<String> problem() {
    return ownProblem.get().or(this::othersProblem);
  }

  /** What a leader has noted counts as long as it leads. */
  private Optional<String> othersProblem() {
    return newest.flatMap(lease -> {
      String holder = lease.getSpec().getHolderIdentity();
      return noted(lease)
          .filter(note -> !identity.equals(holder) && note.startsWith(holder + " "))
          .map(note -> "of the replica that follows the jobs, " + note);
    });
  }

  private static Optional<String> noted(Lease lease) {
    return LeaseNotes.read(lease, FULL);
  }

  private void look() {
    try {
      while (true) {
        Thread.sleep(LOOK);
        noteOwn();
      }
    } catch (InterruptedException e) {
      LOG.debug("The spool is looked at no longer");
    }
  }

  private void noteOwn() {
    Optional<Lease> lease =
        newest.filter(found ->
            leading.getAsBoolean() && identity.equals(found.getSpec().getHolderIdentity()));
    if (lease.isEmpty()) {
      return;
    }
    boolean noted = noted(lease.get()).filter(note -> !note.isEmpty()).isPresent();
    boolean isOwn = noted(lease.get()).filter(note -> note.startsWith(identity + " ")).isPresent();
    Optional<String> problem = ownProblem.get();
    if (problem.isPresent() ? isOwn : !noted) {
      return;
    }
    String note =
        problem
            .map(why -> identity + " " + PrintableText.oneLine(why, JobOutcome.MAX_REASON_LENGTH))
            .orElse("");
    try {
      if (notes.write(Optional.empty(), FULL, note)) {
        LOG.info("The other replicas are told: spool {}", problem.orElse("has room again"));
      }
    } catch (KubernetesClientException e) {
      LOG.debug("The other replicas are not told of the spool: {}", ApiErrors.message(e));
    }
  }

  @Override
  public void close() {
    looking.interrupt();
  }
}
