package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import mstc.cloud.worker.bootstrap.assembly.Services;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerTree;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.testkit.diagnosis.Findings;
import mstc.cloud.worker.testkit.runtime.DeafListener;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import mstc.cloud.worker.testkit.store.RecordingProxy;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The proxy that the environment names is that of every client, whoever makes it. */
@Timeout(120)
class ProxyOfAllClientsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path folder;

  private WorkerConfiguration configuration(RecordingProxy proxy, String store) throws Exception {
    Path kubeconfig =
        Files.writeString(
            folder.resolve("kubeconfig"),
            """
            apiVersion: v1
            kind: Config
            current-context: far
            contexts: [{name: far, context: {cluster: far, user: me}}]
            users: [{name: me, user: {token: hush}}]
            clusters: [{name: far, cluster: {server: "http://10.1.2.3:6443"}}]
            """);
    Map<String, String> environment = new TreeMap<>(Map.of("HTTP_PROXY", proxy.url().toString()));
    environment.put("MSTC_RUNTIME_KUBERNETES_KUBECONFIG", kubeconfig.toString());
    environment.put("MSTC_OBJECT_STORE_TYPE", store);
    environment.put("MSTC_OBJECT_STORE_MINIO_HOST", "10.1.2.3");
    environment.put("MSTC_OBJECT_STORE_S3_ENDPOINT", "http://10.1.2.3:9000");
    environment.put("MSTC_OBJECT_STORE_S3_ACCESS_KEY", "access");
    environment.put("MSTC_OBJECT_STORE_S3_SECRET_KEY", "secret");
    environment.put("MSTC_SCRATCH_DIR", folder.resolve("scratch").toString());
    return WorkerTree.read(ConfigurationSources.ofEnvironment(environment)).configuration();
  }

  @ParameterizedTest
  @ValueSource(strings = {"minio", "s3"})
  void theStoreIsReachedThroughIt(String type) throws Exception {
    // given
    try (RecordingProxy proxy = RecordingProxy.start()) {
      WorkerConfiguration configuration = configuration(proxy, type);

      // when
      try (ObjectStore store =
          Services.objectStore(configuration.objectStore(), configuration.proxies())) {
        assertThatThrownBy(store::check).isInstanceOf(PortException.class);
      }

      // then
      assertThat(proxy.requests())
          .isNotEmpty()
          .allMatch(line -> line.startsWith("GET http://10.1.2.3:9000/"));
    }
  }

  @Test
  void theClusterIsReachedThroughIt() throws Exception {
    // given
    try (RecordingProxy proxy = RecordingProxy.start()) {
      WorkerConfiguration configuration = configuration(proxy, "minio");

      // when
      try (InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
          JobRuntime runtime =
              Services.jobRuntime(
                  configuration.runtime(),
                  store,
                  new WorkRequestFormat(),
                  configuration.proxies())) {
        runtime.start(new DeafListener());

        // then
        await().atMost(PATIENCE).until(() -> !proxy.requests().isEmpty());
      }
      assertThat(proxy.requests()).allMatch(line -> line.contains(" http://10.1.2.3:6443/"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"minio", "s3"})
  void theDoctorLooksThroughIt(String type) throws Exception {
    // given
    try (RecordingProxy proxy = RecordingProxy.start()) {
      WorkerConfiguration configuration = configuration(proxy, type);

      // when
      for (Diagnosis diagnosis : Services.diagnoses(configuration, Optional.empty())) {
        Findings.of(diagnosis);
      }

      // then
      assertThat(proxy.requests())
          .anyMatch(line -> line.contains(" http://10.1.2.3:6443/"))
          .anyMatch(line -> line.contains(" http://10.1.2.3:9000/"));
    }
  }
}
