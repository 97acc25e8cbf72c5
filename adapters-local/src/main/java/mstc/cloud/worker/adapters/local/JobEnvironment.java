package mstc.cloud.worker.adapters.local;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.JobVariables;

/** The environment variables of a job's processes. */
final class JobEnvironment {
  private JobEnvironment() {}

  /**
   * From the worker's own environment, the settings, the request and what the worker tells every
   * job; later ones override earlier ones.
   */
  static Map<String, String> of(Job job, JobFolder folder, LocalSettings settings) {
    ContainerWork work = ContainerWork.of(job.work());
    Map<String, String> variables = new TreeMap<>();
    for (String name : settings.inheritedVariables()) {
      // Looked up one by one, as Windows ignores their case.
      Optional.ofNullable(System.getenv(name)).ifPresent(value -> variables.put(name, value));
    }
    variables.putAll(settings.environment());
    variables.putAll(work.env());
    JobVariables.set(work, variables);
    variables.put("MSTC_JOB_NAME", job.name().value());
    variables.put(JobProcesses.MARK, JobProcesses.mark(folder));
    return variables;
  }
}
