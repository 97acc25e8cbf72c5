package mstc.cloud.worker.domain.request;

import static mstc.cloud.worker.domain.request.WorkRequests.aWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Jobs read these variables, so they are literal here. */
class JobVariablesTest {
  @Test
  void theWorkOverridesWhatElseIsSetUnderItsNames() {
    // given
    Map<String, String> variables =
        new HashMap<>(Map.of("MSTC_JOB", "no", "FILE_PREFIX", "other", "THREADS", "8"));

    // when
    JobVariables.set(
        aWorkRequest().inputBucket("inputs").outputBucket("outputs").build(), variables);

    // then
    assertThat(variables)
        .isEqualTo(
            Map.of(
                "MSTC_JOB", "true",
                "INPUT_BUCKET", "inputs",
                "OUTPUT_BUCKET", "outputs",
                "THREADS", "8"));
  }

  @Test
  void aPrefixIsToldIfThereIsOne() {
    // given
    Map<String, String> variables = new HashMap<>();

    // when
    JobVariables.set(aWorkRequest().prefix("run").build(), variables);

    // then
    assertThat(variables).containsEntry("FILE_PREFIX", "run");
  }
}
