package mstc.cloud.worker.adapters.k8s.job;

import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.runtime.Answer;

/** Nobody is shown what changes of Jobs. */
public final class Unshown implements TrackedJobs.Changes {
  @Override
  public void onBegun(Job job, TrackedJob tracked) {}

  @Override
  public void onChanged(TrackedJob tracked) {}

  @Override
  public void onDeletedAnswered(TrackedJob tracked, Answer answer) {}

  @Override
  public void onGone(TrackedJob tracked) {}
}
