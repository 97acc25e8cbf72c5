package mstc.cloud.worker.application;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mstc.cloud.worker.application.view.JobBoard;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.view.JobFilter;
import mstc.cloud.worker.domain.view.JobSummary;

/** Cancels many jobs at once. */
public final class CancelJobs {
  private static final int AT_ONCE = 16;

  private static final String HAS_ENDED = "it has ended";

  private final CancelJob cancelJob;
  private final JobBoard board;

  CancelJobs(CancelJob cancelJob, JobBoard board) {
    this.cancelJob = cancelJob;
    this.board = board;
  }

  /**
   * What became of jobs that were to be cancelled.
   *
   * @param jobs those that are being cancelled
   * @param failures why others are not
   */
  public record Cancelled(List<UniqueName> jobs, Map<UniqueName, String> failures) {
    public Cancelled {
      jobs = List.copyOf(jobs);
    }
  }

  /** The jobs that match and have not ended, newest first. Does not block. */
  public List<UniqueName> find(JobFilter filter) {
    return board.all().stream()
        .filter(CancelJobs::runsOn)
        .filter(filter::matches)
        .map(JobSummary::name)
        .toList();
  }

  /** Why that job cannot be cancelled; empty if it can. Does not block. */
  public Optional<String> obstacle(UniqueName name) {
    Optional<JobSummary> job = board.find(name);
    return job.isEmpty() ? Optional.of(JobBoard.NO_SUCH_JOB) : end(job);
  }

  private static Optional<String> end(Optional<JobSummary> job) {
    return job.filter(shown -> !runsOn(shown)).map(_ -> HAS_ENDED);
  }

  private static boolean runsOn(JobSummary job) {
    return switch (job.state()) {
      case PENDING, RUNNING -> true;
      case ENDING, ENDED -> false;
    };
  }

  /**
   * Cancels each of these as {@link CancelJob} does, except that one that has ended is left alone:
   * its log and its reply are on their way. Blocks until the runtime has responded.
   */
  public Cancelled cancel(Collection<UniqueName> names) throws InterruptedException {
    List<UniqueName> distinct = names.stream().distinct().toList();
    List<UniqueName> cancelled = new ArrayList<>();
    Map<UniqueName, String> failures = new LinkedHashMap<>();
    try (ExecutorService threads =
        Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().name("cancel-", 0).factory())) {
      List<Future<Optional<String>>> results =
          threads.invokeAll(distinct.stream().map(this::cancelling).toList());
      for (int index = 0; index < distinct.size(); index++) {
        UniqueName name = distinct.get(index);
        results
            .get(index)
            .get()
            .ifPresentOrElse(why -> failures.put(name, why), () -> cancelled.add(name));
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("jobs could not be cancelled", e.getCause());
    }
    return new Cancelled(cancelled, failures);
  }

  /** Gives why it could not be. */
  private Callable<Optional<String>> cancelling(UniqueName name) {
    return () -> {
      Optional<String> end = end(board.find(name));
      if (end.isPresent()) {
        return end;
      }
      try {
        return cancelJob.cancel(name) ? Optional.empty() : Optional.of(JobBoard.NO_SUCH_JOB);
      } catch (PortException e) {
        return Optional.of(e.getMessage());
      }
    };
  }
}
