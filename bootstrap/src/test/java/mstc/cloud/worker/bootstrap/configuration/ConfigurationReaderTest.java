package mstc.cloud.worker.bootstrap.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.adapters.http.HttpSettings;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.adapters.local.LocalSettings;
import mstc.cloud.worker.adapters.local.LocalSettings.CatalogueEntry;
import mstc.cloud.worker.adapters.minio.MinioSettings;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationReport.Entry;
import mstc.cloud.worker.bootstrap.logging.Logging;
import mstc.cloud.worker.bootstrap.settings.RuntimeSettings;
import mstc.cloud.worker.bootstrap.settings.StoreSettings;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerTree;
import mstc.cloud.worker.domain.request.Glob;
import mstc.cloud.worker.domain.request.RequestPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.event.Level;

class ConfigurationReaderTest {
  private static final ConfigurationSources NOTHING = ConfigurationSources.ofEnvironment(Map.of());

  @TempDir private Path folder;

  @Test
  void withoutAnySourceEverythingHasItsDefault() {
    // when
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(NOTHING);

    // then
    WorkerConfiguration configuration = loaded.configuration();
    assertThat(configuration.workQueue().host()).isEqualTo("localhost");
    assertThat(configuration.workQueue().port()).isEqualTo(5672);
    assertThat(configuration.workQueue().user()).isEqualTo("guest");
    assertThat(configuration.workQueue().password()).isEqualTo("guest");
    assertThat(configuration.workQueue().virtualHost()).isEqualTo("/");
    assertThat(configuration.workQueue().timing().heartbeat()).isEqualTo(Duration.ofSeconds(30));
    assertThat(configuration.workQueue().tls().enabled()).isFalse();
    assertThat(configuration.workQueue().tls().caCertificate()).isEmpty();
    MinioSettings minio = ((StoreSettings.Minio) configuration.objectStore()).settings();
    assertThat(minio.endpoint()).isEqualTo(URI.create("http://localhost:9000"));
    assertThat(minio.createBuckets()).isTrue();
    assertThat(minio.region()).isEmpty();
    assertThat(minio.accessKey()).isEqualTo("minioadmin");
    assertThat(minio.secretKey()).isEqualTo("minioadmin");
    Path scratch = Path.of(System.getProperty("java.io.tmpdir"), "mstc-cloud-worker");
    KubernetesSettings kubernetes =
        ((RuntimeSettings.Kubernetes) configuration.runtime()).settings();
    assertThat(kubernetes.spool()).isEqualTo(scratch.resolve("spool"));
    assertThat(kubernetes.namespace()).isEqualTo("mstc-dev");
    assertThat(kubernetes.kubeconfig()).isEmpty();
    assertThat(kubernetes.jobs().nodeSelector()).isEmpty();
    assertThat(kubernetes.jobs().tolerations()).isEmpty();
    assertThat(configuration.worker().maxConcurrentJobs()).isEqualTo(50);
    assertThat(configuration.worker().maxWaitingJobs()).isEqualTo(1_000);
    assertThat(configuration.worker().replyPatience()).isEqualTo(Duration.ofMinutes(5));
    assertThat(configuration.worker().logPatience()).isEqualTo(Duration.ofHours(1));
    assertThat(configuration.worker().policy().withSettings(Map.of()))
        .isEqualTo(RequestPolicy.OPEN);
    assertThat(kubernetes.retention()).isEqualTo(Duration.ofSeconds(30));
    assertThat(configuration.http())
        .contains(new HttpSettings("127.0.0.1", 8080, Optional.empty()));
    assertThat(configuration.shutdownGrace()).isEqualTo(Duration.ofSeconds(30));
    assertThat(configuration.logging().format()).isEqualTo(Logging.Format.TEXT);
    assertThat(configuration.logging().level()).isEqualTo(Level.INFO);
  }

  @Test
  void whatRequestsMayAskForIsReadFromTheFileAndFromVariables() throws Exception {
    // given
    Path file =
        Files.writeString(
            folder.resolve("worker.yaml"),
            """
            mstc:
              jobs:
                max-unanswered: 20
                max-timeout: 12h
                max-cpu: 16
                max-memory: 64Gi
                max-gpu: 0
                max-retries: 3
                allowed-images: registry.example.com/*, team/solver:?
                allowed-labels: example.com/*, tier
            """);
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(Map.of("MSTC_JOBS_ALLOWED_BUCKETS", "team-*"))
            .withFile(file);

    // when
    WorkerConfiguration configuration = WorkerTree.read(sources).configuration();

    // then
    assertThat(configuration.worker().maxWaitingJobs()).isEqualTo(20);
    assertThat(configuration.worker().policy())
        .isEqualTo(
            new RequestPolicy(
                Duration.ofHours(12),
                Optional.of("16"),
                Optional.of("64Gi"),
                0,
                3,
                List.of(new Glob("registry.example.com/*"), new Glob("team/solver:?")),
                List.of(new Glob("team-*")),
                List.of(new Glob("example.com/*"), new Glob("tier")),
                Map.of(
                    "timeOut", "mstc.jobs.max-timeout",
                    "resources.cpu", "mstc.jobs.max-cpu",
                    "resources.memory", "mstc.jobs.max-memory",
                    "resources.gpu", "mstc.jobs.max-gpu",
                    "retries", "mstc.jobs.max-retries",
                    "image", "mstc.jobs.allowed-images",
                    "inputBucket", "mstc.jobs.allowed-buckets",
                    "outputBucket", "mstc.jobs.allowed-buckets",
                    "labels", "mstc.jobs.allowed-labels")));
    assertThat(kubernetes(WorkerTree.read(sources)).suspensionLimit())
        .isEqualTo(Duration.ofHours(12));
    assertThat(kubernetes(WorkerTree.read(sources)).jobs().labelsForPods())
        .containsExactly(new Glob("example.com/*"), new Glob("tier"));
  }

  @Test
  void theFirstVersionsVariablesAreRead() {
    // given
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(
            Map.of(
                "WORK_QUEUE_HOST", "rabbit",
                "WORK_QUEUE_PORT", "5673",
                "WORK_QUEUE_USER", "u",
                "WORK_QUEUE_PASS", "p",
                "MINIO_SERVICE_HOST", "minio",
                "MINIO_SERVICE_PORT", "9001",
                "MINIO_ROOT_USER", "root",
                "MINIO_ROOT_PASSWORD", "secret",
                "SCRATCH_DIR", "/scratch"));

    // when
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(sources);

    // then
    WorkerConfiguration configuration = loaded.configuration();
    MinioSettings minio = ((StoreSettings.Minio) configuration.objectStore()).settings();
    assertThat(loaded.warnings()).isEmpty();
    assertThat(configuration.workQueue().host()).isEqualTo("rabbit");
    assertThat(configuration.workQueue().port()).isEqualTo(5673);
    assertThat(configuration.workQueue().user()).isEqualTo("u");
    assertThat(configuration.workQueue().password()).isEqualTo("p");
    assertThat(minio.endpoint()).isEqualTo(URI.create("http://minio:9001"));
    assertThat(minio.accessKey()).isEqualTo("root");
    assertThat(minio.secretKey()).isEqualTo("secret");
    assertThat(kubernetes(loaded).spool()).isEqualTo(Path.of("/scratch/spool"));
  }

  @Test
  void theLocalRuntimeHasDefaultsToo() {
    // when
    LoadedConfiguration<WorkerConfiguration> loaded =
        WorkerTree.read(
            ConfigurationSources.ofEnvironment(
                Map.of("MSTC_RUNTIME_TYPE", "local", "SCRATCH_DIR", "/scratch")));

    // then
    LocalSettings local = local(loaded);
    assertThat(local.root()).isEqualTo(Path.of("/scratch/jobs"));
    assertThat(local.catalogue()).isEmpty();
    assertThat(local.grace()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void anOverrideComesBeforeAVariableBeforeTheFirstVersionsBeforeTheFile() {
    // given
    Path file =
        file(
            """
            mstc:
              work-queue:
                host: of-the-file
            """);
    String key = "mstc.work-queue.host";
    Map<String, String> firstVersion = Map.of("WORK_QUEUE_HOST", "of-the-first-version");
    Map<String, String> both =
        Map.of("WORK_QUEUE_HOST", "of-the-first-version", "MSTC_WORK_QUEUE_HOST", "of-a-variable");
    ConfigurationSources ofFile = NOTHING.withFile(file);
    ConfigurationSources ofFirstVersion =
        ConfigurationSources.ofEnvironment(firstVersion).withFile(file);
    ConfigurationSources ofVariable = ConfigurationSources.ofEnvironment(both).withFile(file);
    ConfigurationSources ofOverride = ofVariable.withOverrides(Map.of(key, "of-an-override"));

    // when
    List<String> hosts =
        List.of(ofFile, ofFirstVersion, ofVariable, ofOverride).stream()
            .map(sources -> WorkerTree.read(sources).configuration().workQueue().host())
            .toList();

    // then
    assertThat(hosts)
        .containsExactly("of-the-file", "of-the-first-version", "of-a-variable", "of-an-override");
  }

  @Test
  void anEmptyVariableCountsAsNotSet() {
    // given
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(
            Map.of("MSTC_WORK_QUEUE_HOST", "", "WORK_QUEUE_HOST", "", "WORK_QUEUE_PORT", ""));

    // when
    WorkerConfiguration configuration = WorkerTree.read(sources).configuration();

    // then
    assertThat(configuration.workQueue().host()).isEqualTo("localhost");
    assertThat(configuration.workQueue().port()).isEqualTo(5672);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "${HOME}",
        "$HOME",
        "a$b",
        "back\\slash",
        "\\${x}",
        "a,b,,c",
        "\\,",
        "%x{y}",
        "a b",
        "#x",
        "*x",
        "!x",
        "007",
        "0x10",
        "1e3",
        "yes",
        "null",
        "~",
        "1_000",
        "'\"",
        "пароль",
        "@{x}"
      })
  void aPasswordIsTakenLiterallyFromEverySource(String password) {
    // given
    String key = "mstc.work-queue.password";
    Path file = file("mstc: {work-queue: {password: '%s'}}".formatted(password.replace("'", "''")));

    // when
    List<String> read =
        List.of(
                NOTHING.withFile(file),
                ConfigurationSources.ofEnvironment(Map.of("MSTC_WORK_QUEUE_PASSWORD", password)),
                ConfigurationSources.ofEnvironment(Map.of("WORK_QUEUE_PASS", password)),
                NOTHING.withOverrides(Map.of(key, password)))
            .stream()
            .map(sources -> WorkerTree.read(sources))
            .map(loaded -> loaded.configuration().workQueue().password())
            .toList();

    // then
    assertThat(read).hasSize(4).containsOnly(password);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a$b\\c,d", "${HOME}", "007", "1e3", "yes", "0x10"})
  void aPasswordNeedsNoQuotesInTheFileWhereYamlNeedsNone(String password) {
    // given
    Path file = file("mstc:\n  work-queue:\n    password: " + password + "\n");

    // when
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(NOTHING.withFile(file));

    // then
    assertThat(loaded.configuration().workQueue().password()).isEqualTo(password);
  }

  @ParameterizedTest
  @CsvSource({"30s,30", "5m,300", "2h,7200", "PT30S,30", "P1D,86400", "7d,604800", "0s,0"})
  void durationsAreWrittenWithAUnitOrInIso8601(String text, long seconds) {
    // when
    LoadedConfiguration<WorkerConfiguration> loaded =
        WorkerTree.read(NOTHING.withOverrides(Map.of("mstc.jobs.retention", text)));

    // then
    assertThat(kubernetes(loaded).retention()).isEqualTo(Duration.ofSeconds(seconds));
  }

  @Test
  void theCatalogueIsAListInTheFile() {
    // given
    Path file =
        file(
            """
            mstc:
              runtime:
                type: local
                local:
                  catalogue:
                    - image: "*/solver:*"
                      command: [sh, -c, "echo a,b $X"]
                    - {command: [/bin/true, 1], image: alpine, env: [OMP_NUM_THREADS, FOAM_*]}
            """);

    // when
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(NOTHING.withFile(file));

    // then
    assertThat(local(loaded).catalogue())
        .containsExactly(
            new CatalogueEntry("*/solver:*", List.of("sh", "-c", "echo a,b $X")),
            new CatalogueEntry(
                "alpine", List.of("/bin/true", "1"), List.of("OMP_NUM_THREADS", "FOAM_*")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[{image: 'alpine:*', command: [sh, -c, 'echo a,b']}]",
        "[{\"image\":\"alpine:*\",\"command\":[\"sh\",\"-c\",\"echo a,b\"]}]"
      })
  void theCatalogueIsYamlOrJsonInAVariable(String text) {
    // when
    LoadedConfiguration<WorkerConfiguration> loaded =
        WorkerTree.read(
            ConfigurationSources.ofEnvironment(
                Map.of("MSTC_RUNTIME_TYPE", "local", "MSTC_RUNTIME_LOCAL_CATALOGUE", text)));

    // then
    assertThat(local(loaded).catalogue())
        .containsExactly(new CatalogueEntry("alpine:*", List.of("sh", "-c", "echo a,b")));
  }

  @Test
  void relativePathsAreRelativeToTheWorkingDirectory() {
    // given
    Path file = file("mstc: {scratch-dir: a/../scratch}");

    // when
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(NOTHING.withFile(file));

    // then
    assertThat(kubernetes(loaded).spool()).isEqualTo(Path.of("scratch/spool").toAbsolutePath());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "# nothing but a comment\n",
        "---\n",
        "mstc:\n",
        "mstc:\n  jobs:\n  work-queue:\n    host:\n",
        "mstc: ~",
        "\uFEFFmstc: {}",
        "mstc:\r\n  jobs:\r\n"
      })
  void aFileSectionOrKeyWithoutAValueSetsNothing(String text) {
    // when
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(NOTHING.withFile(file(text)));

    // then
    assertThat(loaded.configuration()).isEqualTo(WorkerTree.read(NOTHING).configuration());
  }

  @Test
  void keysMayBeWrittenWithDotsInTheFile() {
    // given
    Path file = file("mstc.work-queue.host: rabbit\nmstc.http: {port: 0, enabled: FALSE}\n");

    // when
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(NOTHING.withFile(file));

    // then
    assertThat(loaded.configuration().workQueue().host()).isEqualTo("rabbit");
    assertThat(loaded.report().entries()).contains(new Entry("mstc.http.port", "0", file + ":2"));
    assertThat(loaded.configuration().http()).isEmpty();
  }

  @Test
  void aSystemPropertyIsNoSource() {
    // given
    System.setProperty("mstc.work-queue.host", "of-a-property");

    // when
    Optional<LoadedConfiguration<WorkerConfiguration>> loaded;
    try {
      loaded = Optional.of(WorkerTree.read(NOTHING));
    } finally {
      System.clearProperty("mstc.work-queue.host");
    }

    // then
    assertThat(loaded.orElseThrow().configuration().workQueue().host()).isEqualTo("localhost");
  }

  @Test
  void noSecretIsInTheTextOfAConfiguration() {
    // given
    Map<String, String> secrets =
        Map.of(
            "WORK_QUEUE_PASS", "hidden-1",
            "MINIO_ROOT_PASSWORD", "hidden-2",
            "MSTC_OBJECT_STORE_S3_ACCESS_KEY", "shown",
            "MSTC_OBJECT_STORE_S3_SECRET_KEY", "hidden-3");

    // when
    LoadedConfiguration<WorkerConfiguration> loaded =
        WorkerTree.read(ConfigurationSources.ofEnvironment(secrets));

    // then
    assertThat(loaded.toString()).contains("****", "shown").doesNotContain("hidden");
  }

  private static KubernetesSettings kubernetes(LoadedConfiguration<WorkerConfiguration> loaded) {
    return ((RuntimeSettings.Kubernetes) loaded.configuration().runtime()).settings();
  }

  private static LocalSettings local(LoadedConfiguration<WorkerConfiguration> loaded) {
    return ((RuntimeSettings.Local) loaded.configuration().runtime()).settings();
  }

  private Path file(String text) {
    try {
      return Files.writeString(folder.resolve("worker.yaml"), text);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
