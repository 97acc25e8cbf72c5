package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.util.Optional;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import tools.jackson.core.JacksonException;

/** Reads the records that Jobs hold in their annotations. */
public final class RecordReader {
  private final WorkFormat format;

  /** Reads records whose work is in that format. */
  public RecordReader(WorkFormat format) {
    this.format = format;
  }

  /**
   * The record that a Job holds.
   *
   * @throws IllegalArgumentException if it holds none that can be read, and says why
   */
  JobRecord parse(Job job) {
    return JobAnnotations.record(job, format);
  }

  /**
   * The answer that a Job holds; empty if it is not answered.
   *
   * @throws IllegalArgumentException if it holds one that cannot be read, and says why
   */
  public Optional<Answer> answer(Job job) {
    try {
      return JobAnnotations.answer(job);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }

  /**
   * The record that a Job holds.
   *
   * @throws JobRuntimeException permanently, if it holds none that can be read
   */
  public JobRecord read(Job job) {
    try {
      return parse(job);
    } catch (IllegalArgumentException e) {
      throw JobRuntimeException.permanent(
          "the annotations of job "
              + job.getMetadata().getName()
              + " are no record: "
              + e.getMessage(),
          e);
    }
  }
}
