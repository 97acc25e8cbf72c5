package mstc.cloud.worker.bootstrap.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerTree;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationWarningsTest {

  @Test
  void anUnknownVariableOfOursOnlyWarns() {
    // given
    Map<String, String> environment =
        Map.of(
            "MSTC_HTP_PORT", "1",
            "MSTC_COLOUR", "blue",
            "MSTC", "x",
            "MSTC_URL", "http://worker:8080",
            "MSTC_TOKEN", "sesame",
            "PATH", "/bin",
            "MINIO_SERVICE_HOST", "minio");

    // when
    LoadedConfiguration<WorkerConfiguration> loaded =
        WorkerTree.read(ConfigurationSources.ofEnvironment(environment));

    // then
    assertThat(loaded.warnings())
        .containsExactly(
            "variable MSTC_COLOUR is ignored: no key has this name",
            "variable MSTC_HTP_PORT is ignored: no key has this name; did you mean MSTC_HTTP_PORT?");
  }

  @Test
  void linksToKubernetesServicesDoNotBreakTheStart() {
    // given
    Map<String, String> environment =
        Map.of(
            "MSTC_WORK_QUEUE_PORT", "tcp://10.0.0.1:5672",
            "MSTC_WORK_QUEUE_SERVICE_HOST", "10.0.0.1",
            "MSTC_WORK_QUEUE_SERVICE_PORT", "5672",
            "MSTC_WORK_QUEUE_SERVICE_PORT_AMQP", "5672",
            "MSTC_WORK_QUEUE_PORT_5672_TCP", "tcp://10.0.0.1:5672",
            "MSTC_WORK_QUEUE_PORT_5672_TCP_ADDR", "10.0.0.1",
            "WORK_QUEUE_PORT", "tcp://10.0.0.2:5672",
            "MINIO_PORT", "tcp://10.0.0.3:9000",
            "MINIO_SERVICE_HOST", "10.0.0.3",
            "MINIO_SERVICE_PORT", "9002");

    // when
    LoadedConfiguration<WorkerConfiguration> loaded =
        WorkerTree.read(ConfigurationSources.ofEnvironment(environment));

    // then
    assertThat(loaded.configuration().workQueue().port()).isEqualTo(5672);
    assertThat(loaded.configuration().objectStore().endpoint())
        .contains(URI.create("http://10.0.0.3:9002"));
    assertThat(loaded.warnings())
        .containsExactly(
            "ignored as links to Kubernetes services: MSTC_WORK_QUEUE_PORT, WORK_QUEUE_PORT,"
                + " MSTC_WORK_QUEUE_PORT_5672_TCP, MSTC_WORK_QUEUE_PORT_5672_TCP_ADDR,"
                + " MSTC_WORK_QUEUE_SERVICE_HOST, MSTC_WORK_QUEUE_SERVICE_PORT,"
                + " MSTC_WORK_QUEUE_SERVICE_PORT_AMQP (enableServiceLinks: false in the pod's spec"
                + " turns them off)");
  }

  @Test
  void aLinkLeavesTheKeyToTheNextSource() {
    // given
    Map<String, String> environment =
        Map.of("MSTC_WORK_QUEUE_PORT", "tcp://10.0.0.1:5672", "WORK_QUEUE_PORT", "5673");

    // when
    LoadedConfiguration<WorkerConfiguration> loaded =
        WorkerTree.read(ConfigurationSources.ofEnvironment(environment));

    // then
    assertThat(loaded.configuration().workQueue().port()).isEqualTo(5673);
  }

  @Test
  void aSecretWithALineBreakAtItsEndIsTakenButWarnedOf() {
    // when
    LoadedConfiguration<WorkerConfiguration> loaded =
        WorkerTree.read(
            ConfigurationSources.ofEnvironment(
                Map.of("WORK_QUEUE_PASS", "hidden\n", "MINIO_SERVICE_HOST", "minio")));

    // then
    assertThat(loaded.configuration().workQueue().password()).isEqualTo("hidden\n");
    assertThat(loaded.warnings())
        .containsExactly(
            "mstc.work-queue.password (variable WORK_QUEUE_PASS) begins or ends with a blank or a"
                + " line break, which is taken as part of it");
  }

  @Test
  void aCertificateWithoutTlsIsWarnedOf(@TempDir Path folder) throws IOException {
    // given
    Path certificate = Files.createFile(folder.resolve("ca.pem"));
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(
            Map.of(
                "MSTC_WORK_QUEUE_TLS_CA_CERTIFICATE",
                certificate.toString(),
                "MINIO_SERVICE_HOST",
                "minio"));

    // when
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(sources);

    // then
    assertThat(loaded.configuration().workQueue().tls().caCertificate()).contains(certificate);
    assertThat(loaded.warnings())
        .containsExactly(
            "mstc.work-queue.tls.ca-certificate (variable MSTC_WORK_QUEUE_TLS_CA_CERTIFICATE) has"
                + " no effect, as mstc.work-queue.tls.enabled is false");
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "127.0.0.1", "::1"})
  void aStoreOnTheWorkersOwnMachineIsOutOfReachForKubernetesJobs(String host) {
    // when
    LoadedConfiguration<WorkerConfiguration> loaded =
        WorkerTree.read(ConfigurationSources.ofEnvironment(Map.of("MINIO_SERVICE_HOST", host)));

    // then
    assertThat(loaded.warnings())
        .containsExactly(
            "jobs are told that the store is at "
                + host
                + ", which is their own pod; where pods reach it: mstc.jobs.store-host and"
                + " mstc.jobs.store-port");
  }

  @ParameterizedTest
  @CsvSource({"MSTC_JOBS_STORE_HOST, minio", "MSTC_RUNTIME_TYPE, local"})
  void aStoreThatJobsReachIsNotWarnedOf(String variable, String value) {
    // when
    LoadedConfiguration<WorkerConfiguration> loaded =
        WorkerTree.read(
            ConfigurationSources.ofEnvironment(
                Map.of("MINIO_SERVICE_HOST", "localhost", variable, value)));

    // then
    assertThat(loaded.warnings()).isEmpty();
  }
}
