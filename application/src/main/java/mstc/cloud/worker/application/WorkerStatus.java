package mstc.cloud.worker.application;

import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Stream;
import mstc.cloud.worker.application.admission.Admission;
import mstc.cloud.worker.application.admission.Outage;
import mstc.cloud.worker.application.metrics.IntakePause;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.RuntimeStatus;

/** What a worker is like now, for those who operate it. Any thread; does not block. */
public final class WorkerStatus {
  private final JobRuntime runtime;
  private final Admission admission;
  private final Outage outage;
  private final WorkerSettings settings;
  private final InstantSource clock;

  WorkerStatus(
      JobRuntime runtime,
      Admission admission,
      Outage outage,
      WorkerSettings settings,
      InstantSource clock) {
    this.runtime = runtime;
    this.admission = admission;
    this.outage = outage;
    this.settings = settings;
    this.clock = clock;
  }

  /** How many jobs there are, whoever submitted them: the same for every replica. */
  public JobCounts counts() {
    return runtime.counts();
  }

  /** What the runtime tells of this replica. */
  public RuntimeStatus runtime() {
    return runtime.status();
  }

  /** How long the job that ended first of the unanswered ones has waited; zero if there is none. */
  public Duration longestWait() {
    return counts()
        .oldestEnd()
        .map(end -> Duration.between(end, clock.instant()))
        .filter(Duration::isPositive)
        .orElse(Duration.ZERO);
  }

  /** Why no requests are taken in, and for how long already; empty while they are. */
  public Map<IntakePause, Duration> pauses() {
    Map<IntakePause, Duration> pauses = new EnumMap<>(IntakePause.class);
    Stream.concat(outage.pause().stream(), admission.waitingPause().stream())
        .forEach(pause -> pauses.put(pause.why(), pause.duration()));
    return pauses;
  }

  /** How many jobs may be in flight at once. */
  public int maxConcurrentJobs() {
    return settings.maxConcurrentJobs();
  }

  /** How many jobs that have ended may be unanswered before intake pauses. */
  public int maxWaitingJobs() {
    return settings.maxWaitingJobs();
  }
}
