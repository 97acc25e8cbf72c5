package mstc.cloud.worker.adapters.k8s.job;

import java.util.Optional;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ContainerWork;

/** A container's job that is to become a Kubernetes Job, and where its first reply goes. */
public record NewJob(Job job, Optional<ReplyAddress> replyAddress) {
  UniqueName name() {
    return job.name();
  }

  ContainerWork work() {
    return ContainerWork.of(job.work());
  }
}
