package mstc.cloud.worker.adapters.local;

import java.util.ArrayList;
import java.util.List;
import mstc.cloud.worker.domain.job.JobOutcome;

/** What became of an attempt, or of all of them. */
record RunEnd(JobOutcome outcome, boolean logComplete, List<String> warnings) {
  static RunEnd of(JobOutcome outcome) {
    return new RunEnd(outcome, true, List.of());
  }

  static RunEnd exited(int code) {
    return of(code == 0 ? new JobOutcome.Succeeded() : new JobOutcome.Failed(code));
  }

  static RunEnd workerStopped() {
    return of(new JobOutcome.Lost("the worker stopped while the job was running"))
        .withIncompleteLog();
  }

  RunEnd withWarning(String warning) {
    List<String> more = new ArrayList<>(warnings);
    more.add(warning);
    return new RunEnd(outcome, logComplete, more);
  }

  RunEnd withIncompleteLog() {
    return new RunEnd(outcome, false, warnings);
  }

  RunEnd withProcessesLeft() {
    return withIncompleteLog().withWarning("some processes of the job could not be ended");
  }
}
