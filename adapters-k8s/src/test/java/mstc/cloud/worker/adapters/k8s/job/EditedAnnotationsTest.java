package mstc.cloud.worker.adapters.k8s.job;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A record that someone edited by hand: it is none, and nothing else fails for it. */
class EditedAnnotationsTest {
  private static final UniqueName NAME =
      new UniqueName("solve-00000000-0000-0001-0000-000000000002");

  private static Job edited(String annotation, String value) {
    return new JobBuilder(NotedJobs.recorded(NAME, "uid", "1"))
        .editMetadata()
        .addToAnnotations(annotation, value)
        .endMetadata()
        .build();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "mstc/reply-to | ``",
        "mstc/reply-to | null",
        "mstc/reply-to | [null]",
        "mstc/reply-to | [{}]",
        "mstc/reply-to | {",
        "mstc/reply-to | [{'queue':null}]",
        "mstc/reply-to | [{'queue':7}]",
        "mstc/answered | null",
        "mstc/answered | {'reply':{},'delivery':'SENT','at':null}",
        "mstc/answered | {'reply':{'result':'r','outcome':null},'delivery':'SENT','at':'2026-11-25T10:00:00Z'}",
        "mstc/answered | {'reply':{'result':'r','outcome':'FAILED','warnings':[null]},'delivery':'SENT','at':'2026-11-25T10:00:00Z'}",
        "mstc/answered | {'reply':{'result':'r','outcome':'FAILED'},'delivery':null,'at':'2026-11-25T10:00:00Z'}",
        "mstc/answered | {'reply':{'result':'r','outcome':'FAILED'},'delivery':'SENT','at':null}",
        "mstc/warnings | null",
        "mstc/warnings | [null]",
        "mstc/warnings | 3",
        "mstc/request | ``",
        "mstc/request | null",
        "mstc/request | {}",
      })
  void isNoRecord(String annotation, String value) {
    assertThatThrownBy(() ->
            new RecordReader(new WorkRequestFormat())
                .read(edited(annotation, value.replace('\'', '"'))))
        .isInstanceOf(JobRuntimeException.class)
        .hasMessageContaining("the annotations of job " + NAME + " are no record");
  }
}
