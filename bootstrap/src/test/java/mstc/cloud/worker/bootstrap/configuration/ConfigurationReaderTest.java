package mstc.cloud.worker.bootstrap.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.CatalogueEntry;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.KubernetesSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.LocalSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.LogFormat;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.LogLevel;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.MinioSettings;
import mstc.cloud.worker.domain.request.Glob;
import mstc.cloud.worker.domain.request.RequestPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationReaderTest {
  private static final ConfigurationSources NOTHING = ConfigurationSources.ofEnvironment(Map.of());

  @TempDir private Path folder;

  @Test
  void without_any_source_everything_has_its_default() {
    // when
    LoadedConfiguration loaded = ConfigurationReader.read(NOTHING);

    // then
    WorkerConfiguration configuration = loaded.configuration();
    assertThat(configuration.workQueue().host()).isEqualTo("localhost");
    assertThat(configuration.workQueue().port()).isEqualTo(5672);
    assertThat(configuration.workQueue().user()).isEqualTo("guest");
    assertThat(configuration.workQueue().password()).isEqualTo(new Secret("guest"));
    assertThat(configuration.workQueue().virtualHost()).isEqualTo("/");
    assertThat(configuration.workQueue().heartbeat()).isEqualTo(Duration.ofSeconds(30));
    assertThat(configuration.workQueue().tls().enabled()).isFalse();
    assertThat(configuration.workQueue().tls().caCertificate()).isEmpty();
    MinioSettings minio = (MinioSettings) configuration.objectStore();
    assertThat(minio.host()).isEqualTo("localhost");
    assertThat(minio.port()).isEqualTo(9000);
    assertThat(minio.createBuckets()).isTrue();
    assertThat(minio.region()).isEmpty();
    assertThat(minio.credentials().accessKey()).isEqualTo("minioadmin");
    assertThat(minio.credentials().secretKey()).isEqualTo(new Secret("minioadmin"));
    Path scratch = Path.of(System.getProperty("java.io.tmpdir"), "mstc-cloud-worker");
    assertThat(configuration.scratchDirectory()).isEqualTo(scratch);
    KubernetesSettings kubernetes = (KubernetesSettings) configuration.runtime();
    assertThat(kubernetes.namespace()).isEqualTo("mstc-dev");
    assertThat(kubernetes.kubeconfig()).isEmpty();
    assertThat(kubernetes.nodeSelector()).isEmpty();
    assertThat(kubernetes.tolerations()).isEmpty();
    assertThat(configuration.jobs().maxConcurrent()).isEqualTo(50);
    assertThat(configuration.jobs().maxUnanswered()).isEqualTo(1_000);
    assertThat(configuration.jobs().replyPatience()).isEqualTo(Duration.ofMinutes(5));
    assertThat(configuration.jobs().logPatience()).isEqualTo(Duration.ofHours(1));
    assertThat(configuration.jobs().policy()).isEqualTo(RequestPolicy.OPEN);
    assertThat(configuration.jobs().retention()).isEqualTo(Duration.ofSeconds(30));
    assertThat(configuration.http().enabled()).isTrue();
    assertThat(configuration.http().host()).isEqualTo("127.0.0.1");
    assertThat(configuration.http().port()).isEqualTo(8080);
    assertThat(configuration.shutdownGrace()).isEqualTo(Duration.ofSeconds(30));
    assertThat(configuration.logging().format()).isEqualTo(LogFormat.TEXT);
    assertThat(configuration.logging().level()).isEqualTo(LogLevel.INFO);
  }

  @Test
  void what_requests_may_ask_for_is_read_from_the_file_and_from_variables() throws Exception {
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
            """);
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(Map.of("MSTC_JOBS_ALLOWED_BUCKETS", "team-*"))
            .withFile(file);

    // when
    WorkerConfiguration configuration = ConfigurationReader.read(sources).configuration();

    // then
    assertThat(configuration.jobs().maxUnanswered()).isEqualTo(20);
    assertThat(configuration.jobs().policy())
        .isEqualTo(
            new RequestPolicy(
                Duration.ofHours(12),
                Optional.of("16"),
                Optional.of("64Gi"),
                0,
                3,
                List.of(new Glob("registry.example.com/*"), new Glob("team/solver:?")),
                List.of(new Glob("team-*"))));
  }

  @Test
  void the_first_versions_variables_are_read() {
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
    LoadedConfiguration loaded = ConfigurationReader.read(sources);

    // then
    WorkerConfiguration configuration = loaded.configuration();
    MinioSettings minio = (MinioSettings) configuration.objectStore();
    assertThat(loaded.warnings()).isEmpty();
    assertThat(configuration.workQueue().host()).isEqualTo("rabbit");
    assertThat(configuration.workQueue().port()).isEqualTo(5673);
    assertThat(configuration.workQueue().user()).isEqualTo("u");
    assertThat(configuration.workQueue().password().value()).isEqualTo("p");
    assertThat(minio.host()).isEqualTo("minio");
    assertThat(minio.port()).isEqualTo(9001);
    assertThat(minio.credentials().accessKey()).isEqualTo("root");
    assertThat(minio.credentials().secretKey().value()).isEqualTo("secret");
    assertThat(configuration.scratchDirectory()).isEqualTo(Path.of("/scratch"));
  }

  @Test
  void the_local_runtime_has_defaults_too() {
    // when
    LoadedConfiguration loaded =
        ConfigurationReader.read(
            ConfigurationSources.ofEnvironment(
                Map.of("MSTC_RUNTIME_TYPE", "local", "SCRATCH_DIR", "/scratch")));

    // then
    LocalSettings local = (LocalSettings) loaded.configuration().runtime();
    assertThat(local.folder()).isEqualTo(Path.of("/scratch/jobs"));
    assertThat(local.catalogue()).isEmpty();
    assertThat(local.grace()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void an_override_comes_before_a_variable_before_the_first_versions_before_the_file() {
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
            .map(sources -> ConfigurationReader.read(sources).configuration().workQueue().host())
            .toList();

    // then
    assertThat(hosts)
        .containsExactly("of-the-file", "of-the-first-version", "of-a-variable", "of-an-override");
  }

  @Test
  void an_empty_variable_counts_as_not_set() {
    // given
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(
            Map.of("MSTC_WORK_QUEUE_HOST", "", "WORK_QUEUE_HOST", "", "WORK_QUEUE_PORT", ""));

    // when
    WorkerConfiguration configuration = ConfigurationReader.read(sources).configuration();

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
  void a_password_is_taken_literally_from_every_source(String password) {
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
            .map(sources -> ConfigurationReader.read(sources))
            .map(loaded -> loaded.configuration().workQueue().password().value())
            .toList();

    // then
    assertThat(read).hasSize(4).containsOnly(password);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a$b\\c,d", "${HOME}", "007", "1e3", "yes", "0x10"})
  void a_password_needs_no_quotes_in_the_file_where_yaml_needs_none(String password) {
    // given
    Path file = file("mstc:\n  work-queue:\n    password: " + password + "\n");

    // when
    LoadedConfiguration loaded = ConfigurationReader.read(NOTHING.withFile(file));

    // then
    assertThat(loaded.configuration().workQueue().password().value()).isEqualTo(password);
  }

  @ParameterizedTest
  @CsvSource({"30s,30", "5m,300", "2h,7200", "PT30S,30", "P1D,86400", "7d,604800", "0s,0"})
  void durations_are_written_with_a_unit_or_in_iso_8601(String text, long seconds) {
    // when
    LoadedConfiguration loaded =
        ConfigurationReader.read(NOTHING.withOverrides(Map.of("mstc.jobs.retention", text)));

    // then
    assertThat(loaded.configuration().jobs().retention()).isEqualTo(Duration.ofSeconds(seconds));
  }

  @Test
  void the_catalogue_is_a_list_in_the_file() {
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
                    - {command: [/bin/true, 1], image: alpine}
            """);

    // when
    LoadedConfiguration loaded = ConfigurationReader.read(NOTHING.withFile(file));

    // then
    assertThat(((LocalSettings) loaded.configuration().runtime()).catalogue())
        .containsExactly(
            new CatalogueEntry("*/solver:*", List.of("sh", "-c", "echo a,b $X")),
            new CatalogueEntry("alpine", List.of("/bin/true", "1")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[{image: 'alpine:*', command: [sh, -c, 'echo a,b']}]",
        "[{\"image\":\"alpine:*\",\"command\":[\"sh\",\"-c\",\"echo a,b\"]}]"
      })
  void the_catalogue_is_yaml_or_json_in_a_variable(String text) {
    // when
    LoadedConfiguration loaded =
        ConfigurationReader.read(
            ConfigurationSources.ofEnvironment(
                Map.of("MSTC_RUNTIME_TYPE", "local", "MSTC_RUNTIME_LOCAL_CATALOGUE", text)));

    // then
    assertThat(((LocalSettings) loaded.configuration().runtime()).catalogue())
        .containsExactly(new CatalogueEntry("alpine:*", List.of("sh", "-c", "echo a,b")));
  }

  @Test
  void relative_paths_are_relative_to_the_working_directory() {
    // given
    Path file = file("mstc: {scratch-dir: a/../scratch}");

    // when
    LoadedConfiguration loaded = ConfigurationReader.read(NOTHING.withFile(file));

    // then
    assertThat(loaded.configuration().scratchDirectory())
        .isEqualTo(Path.of("scratch").toAbsolutePath());
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
  void a_file_section_or_key_without_a_value_sets_nothing(String text) {
    // when
    LoadedConfiguration loaded = ConfigurationReader.read(NOTHING.withFile(file(text)));

    // then
    assertThat(loaded.configuration()).isEqualTo(ConfigurationReader.read(NOTHING).configuration());
  }

  @Test
  void keys_may_be_written_with_dots_in_the_file() {
    // given
    Path file = file("mstc.work-queue.host: rabbit\nmstc.http: {port: 0, enabled: FALSE}\n");

    // when
    WorkerConfiguration configuration =
        ConfigurationReader.read(NOTHING.withFile(file)).configuration();

    // then
    assertThat(configuration.workQueue().host()).isEqualTo("rabbit");
    assertThat(configuration.http().port()).isZero();
    assertThat(configuration.http().enabled()).isFalse();
  }

  @Test
  void a_system_property_is_no_source() {
    // given
    System.setProperty("mstc.work-queue.host", "of-a-property");

    // when
    Optional<LoadedConfiguration> loaded;
    try {
      loaded = Optional.of(ConfigurationReader.read(NOTHING));
    } finally {
      System.clearProperty("mstc.work-queue.host");
    }

    // then
    assertThat(loaded.orElseThrow().configuration().workQueue().host()).isEqualTo("localhost");
  }

  @Test
  void no_secret_is_in_the_text_of_a_configuration() {
    // given
    Map<String, String> secrets =
        Map.of(
            "WORK_QUEUE_PASS", "hidden-1",
            "MINIO_ROOT_PASSWORD", "hidden-2",
            "MSTC_OBJECT_STORE_S3_ACCESS_KEY", "shown",
            "MSTC_OBJECT_STORE_S3_SECRET_KEY", "hidden-3");

    // when
    LoadedConfiguration loaded =
        ConfigurationReader.read(ConfigurationSources.ofEnvironment(secrets));

    // then
    assertThat(loaded.toString()).contains("****", "shown").doesNotContain("hidden");
  }

  private Path file(String text) {
    try {
      return Files.writeString(folder.resolve("worker.yaml"), text);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
