package mstc.cloud.worker.bootstrap.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.Credentials;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.JobStoreAddress;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.MinioSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.S3Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectStoreConfigurationTest {
  private static final Map<String, String> S3 = Map.of("MSTC_OBJECT_STORE_TYPE", "s3");
  private static final Map<String, String> S3_WITH_ENDPOINT =
      with(S3, "MSTC_OBJECT_STORE_S3_ENDPOINT", "http://localhost:9000");
  private static final Map<String, String> MINIO_KEYS =
      Map.of("MINIO_ROOT_USER", "root", "MINIO_ROOT_PASSWORD", "rootroot");
  private static final Credentials MINIOS = new Credentials("root", new Secret("rootroot"));

  @Test
  void s3_without_an_endpoint_is_amazons_and_finds_its_own_credentials() {
    // when
    S3Settings s3 = s3(with(S3, MINIO_KEYS));

    // then
    assertThat(s3.endpoint()).isEmpty();
    assertThat(s3.pathStyle()).isFalse();
    assertThat(s3.credentials()).isEmpty();
    assertThat(s3.region()).isEmpty();
    assertThat(s3.caCertificate()).isEmpty();
  }

  @Test
  void s3_with_an_endpoint_and_nothing_else_changed_goes_on_with_minios_keys() {
    // when
    S3Settings s3 = s3(with(S3_WITH_ENDPOINT, MINIO_KEYS));

    // then
    assertThat(s3.endpoint()).contains(URI.create("http://localhost:9000"));
    assertThat(s3.pathStyle()).isTrue();
    assertThat(s3.credentials()).contains(MINIOS);
  }

  @Test
  void minios_keys_serve_s3_from_any_source_but_not_its_default_keys() {
    // given
    ConfigurationSources sources = ConfigurationSources.ofEnvironment(S3_WITH_ENDPOINT);
    Map<String, String> overrides = Map.of("mstc.object-store.minio.secret-key", "rootroot");

    // when
    S3Settings ofDefaults = s3(S3_WITH_ENDPOINT);
    S3Settings ofOverrides =
        (S3Settings)
            ConfigurationReader.read(sources.withOverrides(overrides))
                .configuration()
                .objectStore();

    // then
    assertThat(ofDefaults.credentials()).isEmpty();
    assertThat(ofOverrides.credentials())
        .contains(new Credentials("minioadmin", new Secret("rootroot")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI"
      })
  void credentials_meant_for_aws_come_before_minios(String variable) {
    // when
    S3Settings s3 = s3(with(with(S3_WITH_ENDPOINT, MINIO_KEYS), variable, "x"));

    // then
    assertThat(s3.credentials()).isEmpty();
  }

  @Test
  void s3s_own_keys_come_before_all_others() {
    // given
    Map<String, String> own =
        Map.of("MSTC_OBJECT_STORE_S3_ACCESS_KEY", "a", "MSTC_OBJECT_STORE_S3_SECRET_KEY", "s");

    // when
    S3Settings s3 =
        s3(with(with(with(S3_WITH_ENDPOINT, MINIO_KEYS), own), "AWS_ACCESS_KEY_ID", "x"));

    // then
    assertThat(s3.credentials()).contains(new Credentials("a", new Secret("s")));
  }

  @ParameterizedTest
  @CsvSource({"access-key,secret-key", "secret-key,access-key"})
  void one_of_s3s_keys_without_the_other_is_a_problem(String given, String missing) {
    // given
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(with(S3_WITH_ENDPOINT, MINIO_KEYS))
            .withOverrides(Map.of("mstc.object-store.s3." + given, "hidden"));

    // when
    ConfigurationException exception =
        catchThrowableOfType(ConfigurationException.class, () -> ConfigurationReader.read(sources));

    // then
    assertThat(exception.problems())
        .containsExactly(
            "mstc.object-store.s3.%s (override) must be given together with mstc.object-store.s3.%s, or neither of them"
                .formatted(given, missing));
  }

  @Test
  void path_style_can_be_turned_off_with_an_endpoint() {
    // when
    S3Settings s3 = s3(with(S3_WITH_ENDPOINT, "MSTC_OBJECT_STORE_S3_PATH_STYLE", "false"));

    // then
    assertThat(s3.pathStyle()).isFalse();
  }

  @Test
  void jobs_find_the_store_where_the_worker_does() {
    assertThat(jobStore(Map.of())).isEqualTo(address("localhost", 9000, "http://localhost:9000"));
    assertThat(jobStore(Map.of("MSTC_OBJECT_STORE_MINIO_TLS_ENABLED", "true")))
        .isEqualTo(address("localhost", 9000, "https://localhost:9000"));
    assertThat(jobStore(S3_WITH_ENDPOINT))
        .isEqualTo(address("localhost", 9000, "http://localhost:9000"));
    assertThat(jobStore(with(S3, "MSTC_OBJECT_STORE_S3_ENDPOINT", "https://s3.example/")))
        .isEqualTo(address("s3.example", 443, "https://s3.example/"));
    assertThat(jobStore(S3)).isEqualTo(JobStoreAddress.NONE);
  }

  @Test
  void jobs_can_be_told_another_address_of_the_store() {
    assertThat(jobStore(Map.of("MSTC_JOBS_STORE_HOST", "minio")))
        .isEqualTo(address("minio", 9000, "http://minio:9000"));
    assertThat(jobStore(with(S3_WITH_ENDPOINT, "MSTC_JOBS_STORE_PORT", "9001")))
        .isEqualTo(address("localhost", 9001, "http://localhost:9001"));
    assertThat(jobStore(Map.of("MSTC_JOBS_STORE_ENDPOINT", "https://store.example")))
        .isEqualTo(address("store.example", 443, "https://store.example"));
    assertThat(
            jobStore(
                Map.of(
                    "MSTC_JOBS_STORE_HOST", "minio",
                    "MSTC_JOBS_STORE_ENDPOINT", "https://store.example")))
        .isEqualTo(address("minio", 443, "https://store.example"));
    assertThat(
            jobStore(with(S3, Map.of("MSTC_JOBS_STORE_HOST", "gate", "MSTC_JOBS_STORE_PORT", "1"))))
        .isEqualTo(address("gate", 1, "https://gate:1"));
  }

  @Test
  void half_an_address_of_a_store_without_endpoint_is_a_problem() {
    // given
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(with(S3, "MSTC_JOBS_STORE_PORT", "9001"));

    // when
    ConfigurationException exception =
        catchThrowableOfType(ConfigurationException.class, () -> ConfigurationReader.read(sources));

    // then
    assertThat(exception.problems())
        .containsExactly(
            "mstc.jobs.store-host and mstc.jobs.store-port must be given together or not at all, as the store has no endpoint");
  }

  @ParameterizedTest
  @CsvSource({
    "minio_server, http://minio_server:9000",
    "::1, http://[::1]:9000",
    "10.0.0.1, http://10.0.0.1:9000"
  })
  void minios_endpoint_is_a_url_for_every_kind_of_host(String host, URI endpoint) {
    // when
    WorkerConfiguration configuration = configuration(Map.of("MSTC_OBJECT_STORE_MINIO_HOST", host));

    // then
    assertThat(((MinioSettings) configuration.objectStore()).endpoint()).isEqualTo(endpoint);
    assertThat(configuration.jobs().store()).isEqualTo(address(host, 9000, endpoint.toString()));
  }

  private static S3Settings s3(Map<String, String> environment) {
    return (S3Settings) configuration(environment).objectStore();
  }

  private static JobStoreAddress jobStore(Map<String, String> environment) {
    return configuration(environment).jobs().store();
  }

  private static WorkerConfiguration configuration(Map<String, String> environment) {
    return ConfigurationReader.read(ConfigurationSources.ofEnvironment(environment))
        .configuration();
  }

  private static JobStoreAddress address(String host, int port, String endpoint) {
    return new JobStoreAddress(
        Optional.of(host), OptionalInt.of(port), Optional.of(URI.create(endpoint)));
  }

  private static Map<String, String> with(Map<String, String> map, String key, String value) {
    return with(map, Map.of(key, value));
  }

  private static Map<String, String> with(Map<String, String> map, Map<String, String> more) {
    Map<String, String> all = new HashMap<>(map);
    all.putAll(more);
    return all;
  }
}
