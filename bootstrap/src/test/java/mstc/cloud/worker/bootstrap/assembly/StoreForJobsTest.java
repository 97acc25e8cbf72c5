package mstc.cloud.worker.bootstrap.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerTree;
import mstc.cloud.worker.domain.diagnosis.Finding;
import org.junit.jupiter.api.Test;

class StoreForJobsTest {

  private static Finding look(String... keysAndValues) throws InterruptedException {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      values.put(keysAndValues[i], keysAndValues[i + 1]);
    }
    WorkerConfiguration configuration =
        WorkerTree.read(ConfigurationSources.ofEnvironment(Map.of()).withOverrides(values))
            .configuration();
    return new StoreForJobs(configuration.objectStore(), configuration.runtime())
        .check()
        .look()
        .run();
  }

  @Test
  void aLoopbackAddressForPodsIsAFailure() throws Exception {
    assertThat(look())
        .isInstanceOfSatisfying(
            Finding.Failed.class,
            failed -> {
              assertThat(failed.problem()).contains("MINIO_SERVICE_HOST=localhost", "own pod");
              assertThat(failed.remedy()).contains("mstc.jobs.store-host");
            });
  }

  @Test
  void anotherAddressThanTheWorkersIsShown() throws Exception {
    assertThat(look("mstc.jobs.store-host", "minio", "mstc.jobs.credentials-secret", "mstc-store"))
        .isEqualTo(
            new Finding.Passed(
                "MINIO_SERVICE_HOST=minio MINIO_SERVICE_PORT=9000 AWS_ENDPOINT_URL=http://minio:9000"
                    + " AWS_REGION=us-east-1, while the worker uses http://localhost:9000"));
  }

  @Test
  void jobsWithoutCredentialsAreToldOf() throws Exception {
    assertThat(look("mstc.object-store.minio.host", "minio"))
        .isInstanceOfSatisfying(
            Finding.Passed.class,
            passed ->
                assertThat(passed.seen())
                    .contains("mstc.jobs.credentials-secret")
                    .doesNotContain("while the worker uses"));
  }

  @Test
  void jobsOfThisMachineReachItsLoopback() throws Exception {
    assertThat(look("mstc.runtime.type", "local")).isInstanceOf(Finding.Passed.class);
  }
}
