package mstc.cloud.worker.testkit.view;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobView;
import mstc.cloud.worker.domain.view.JobWatcher;

/** A watcher that remembers what it was shown. */
public final class SeenJobs implements JobWatcher {
  private final Map<UniqueName, JobView> jobs = new HashMap<>();
  private final Map<UniqueName, List<JobState>> states = new HashMap<>();
  private final List<UniqueName> gone = new ArrayList<>();
  private final AtomicInteger calls = new AtomicInteger();
  private boolean calledTwiceAtOnce;

  @Override
  public void onChanged(JobView job) {
    call(() -> {
      jobs.put(job.name(), job);
      List<JobState> before = states.computeIfAbsent(job.name(), first -> new ArrayList<>());
      if (before.isEmpty() || before.getLast() != job.state()) {
        before.add(job.state());
      }
    });
  }

  @Override
  public void onGone(UniqueName name) {
    call(() -> {
      jobs.remove(name);
      gone.add(name);
    });
  }

  private void call(Runnable call) {
    boolean alone = calls.incrementAndGet() == 1;
    synchronized (this) {
      calledTwiceAtOnce |= !alone;
      call.run();
    }
    calls.decrementAndGet();
  }

  /** What was shown last of a job that is not gone. */
  public synchronized Optional<JobView> find(UniqueName name) {
    return Optional.ofNullable(jobs.get(name));
  }

  /** Whether a job was shown last in that state. */
  public boolean isIn(JobState state, UniqueName name) {
    return find(name).map(JobView::state).filter(state::equals).isPresent();
  }

  /** The states that a job was shown in, without repetitions. */
  public synchronized List<JobState> states(UniqueName name) {
    return List.copyOf(states.getOrDefault(name, List.of()));
  }

  /** The jobs that were reported as gone, each as often as it was. */
  public synchronized List<UniqueName> gone() {
    return List.copyOf(gone);
  }

  /** Whether it was ever called while another call had not returned. */
  public synchronized boolean wasCalledTwiceAtOnce() {
    return calledTwiceAtOnce;
  }
}
