package mstc.cloud.worker.adapters.local;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.request.WorkRequest;

/** The environment variables of a job's processes. */
final class JobEnvironment {
  private JobEnvironment() {}

  /**
   * What the worker has and passes on, then the settings, then the request, then what the worker
   * tells every job: the later hold.
   */
  static Map<String, String> of(Job job, JobFolder folder, LocalSettings settings) {
    WorkRequest request = job.request();
    Map<String, String> variables = new TreeMap<>();
    for (String name : settings.inheritedVariables()) {
      // Asked for one by one, as Windows knows them without regard to case.
      Optional.ofNullable(System.getenv(name)).ifPresent(value -> variables.put(name, value));
    }
    variables.putAll(settings.environment());
    variables.putAll(request.env());
    variables.put("MSTC_JOB", "true");
    variables.put("MSTC_JOB_NAME", job.name().value());
    variables.put(JobProcesses.MARK, JobProcesses.mark(folder));
    variables.put("INPUT_BUCKET", request.inputBucket().value());
    variables.put("OUTPUT_BUCKET", request.outputBucket().value());
    // Its absence tells the job something, so it does not come from anywhere else either.
    variables.remove("FILE_PREFIX");
    request.prefix().ifPresent(prefix -> variables.put("FILE_PREFIX", prefix.value()));
    return variables;
  }
}
