package mstc.cloud.worker.testkit.runtime;

import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobListener;
import mstc.cloud.worker.domain.runtime.JobRecord;

/** Does nothing about what it is told, for a test that asks the runtime itself. */
public final class DeafListener implements JobListener {
  @Override
  public void onUnanswered(JobRecord job) {}

  @Override
  public void onAnswered(UniqueName name, Answer answer) {}

  @Override
  public void onGivenUp(UniqueName name) {}

  @Override
  public void onCountsChanged() {}
}
