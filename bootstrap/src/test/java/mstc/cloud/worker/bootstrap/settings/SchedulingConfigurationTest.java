package mstc.cloud.worker.bootstrap.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.entry;

import java.util.Map;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings.JobTemplate;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationException;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What jobs' pods tell the cluster's scheduler. */
class SchedulingConfigurationTest {
  private static final String PREFIX = "mstc.runtime.kubernetes.";

  @Test
  void aSchedulerAndWhatItReadsOfPodsAreConfigured() {
    // when
    JobTemplate jobs =
        jobs(
            Map.of(
                PREFIX + "scheduler", "volcano",
                PREFIX + "pod-labels", "queue=batch, applicationId=mstc",
                PREFIX + "pod-annotations",
                    "volcano.sh/queue-name=batch,example.com/note=a=b: c,"));

    // then
    assertThat(jobs.scheduler()).contains("volcano");
    assertThat(jobs.podLabels())
        .containsExactly(entry("applicationId", "mstc"), entry("queue", "batch"));
    assertThat(jobs.podAnnotations())
        .containsExactly(
            entry("example.com/note", "a=b: c"), entry("volcano.sh/queue-name", "batch"));
  }

  @Test
  void withoutThemTheClusterDecides() {
    // when
    JobTemplate jobs = jobs(Map.of());

    // then
    assertThat(jobs.scheduler()).isEmpty();
    assertThat(jobs.podLabels()).isEmpty();
    assertThat(jobs.podAnnotations()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "scheduler, My_Scheduler",
    "pod-labels, queue",
    "pod-labels, queue=a b",
    "pod-annotations, no key=x",
    "pod-annotations, volcano.sh/queue-name"
  })
  void whatKubernetesWouldRefuseIsRefusedAtTheStart(String key, String value) {
    // when
    Throwable refusal = catchThrowable(() -> jobs(Map.of(PREFIX + key, value)));

    // then
    assertThat(refusal)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(PREFIX + key);
  }

  private static JobTemplate jobs(Map<String, String> overrides) {
    WorkerConfiguration configuration =
        WorkerTree.read(ConfigurationSources.ofEnvironment(Map.of()).withOverrides(overrides))
            .configuration();
    return ((RuntimeSettings.Kubernetes) configuration.runtime()).settings().jobs();
  }
}
