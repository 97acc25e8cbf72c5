package mstc.cloud.worker.bootstrap.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import mstc.cloud.worker.adapters.s3.S3Settings;
import mstc.cloud.worker.adapters.s3.S3Settings.Keys;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationException;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
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
  private static final Keys MINIOS = new Keys("root", "rootroot");

  @Test
  void s3WithoutAnEndpointIsAmazonsAndFindsItsOwnCredentials() {
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
  void s3WithAnEndpointAndNothingElseChangedGoesOnWithMiniosKeys() {
    // when
    S3Settings s3 = s3(with(S3_WITH_ENDPOINT, MINIO_KEYS));

    // then
    assertThat(s3.endpoint()).contains(URI.create("http://localhost:9000"));
    assertThat(s3.pathStyle()).isTrue();
    assertThat(s3.credentials()).contains(MINIOS);
  }

  @Test
  void thePublicEndpointIsThatOfWhicheverStoreIsChosen() {
    // given
    Map<String, String> given =
        Map.of("MSTC_OBJECT_STORE_PUBLIC_ENDPOINT", "https://store.example:9443");
    URI address = URI.create("https://store.example:9443");

    // when
    WorkerConfiguration minio = configuration(given);

    // then
    assertThat(((StoreSettings.Minio) minio.objectStore()).settings().publicEndpoint())
        .contains(address);
    assertThat(s3(with(S3, given)).publicEndpoint()).contains(address);
    assertThat(s3(S3).publicEndpoint()).isEmpty();
  }

  @Test
  void miniosChecksumHeadersCanBeSwitchedOff() {
    // given
    Map<String, String> off = Map.of("MSTC_OBJECT_STORE_MINIO_CHECKSUM_HEADERS", "false");

    // when
    StoreSettings.Minio without = (StoreSettings.Minio) configuration(off).objectStore();
    StoreSettings.Minio with = (StoreSettings.Minio) configuration(Map.of()).objectStore();

    // then
    assertThat(without.settings().checksumHeaders()).isFalse();
    assertThat(with.settings().checksumHeaders()).isTrue();
  }

  @Test
  void miniosKeysServeS3FromAnySourceButNotItsDefaultKeys() {
    // given
    ConfigurationSources sources = ConfigurationSources.ofEnvironment(S3_WITH_ENDPOINT);
    Map<String, String> overrides = Map.of("mstc.object-store.minio.secret-key", "rootroot");

    // when
    S3Settings ofDefaults = s3(S3_WITH_ENDPOINT);
    S3Settings ofOverrides = s3(WorkerTree.read(sources.withOverrides(overrides)).configuration());

    // then
    assertThat(ofDefaults.credentials()).isEmpty();
    assertThat(ofOverrides.credentials()).contains(new Keys("minioadmin", "rootroot"));
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
  void credentialsMeantForAwsComeBeforeMinios(String variable) {
    // when
    S3Settings s3 = s3(with(with(S3_WITH_ENDPOINT, MINIO_KEYS), variable, "x"));

    // then
    assertThat(s3.credentials()).isEmpty();
  }

  @Test
  void s3sOwnKeysComeBeforeAllOthers() {
    // given
    Map<String, String> own =
        Map.of("MSTC_OBJECT_STORE_S3_ACCESS_KEY", "a", "MSTC_OBJECT_STORE_S3_SECRET_KEY", "s");

    // when
    S3Settings s3 =
        s3(with(with(with(S3_WITH_ENDPOINT, MINIO_KEYS), own), "AWS_ACCESS_KEY_ID", "x"));

    // then
    assertThat(s3.credentials()).contains(new Keys("a", "s"));
  }

  @ParameterizedTest
  @CsvSource({"access-key,secret-key", "secret-key,access-key"})
  void oneOfS3sKeysWithoutTheOtherIsAProblem(String given, String missing) {
    // given
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(with(S3_WITH_ENDPOINT, MINIO_KEYS))
            .withOverrides(Map.of("mstc.object-store.s3." + given, "hidden"));

    // when
    ConfigurationException exception =
        catchThrowableOfType(ConfigurationException.class, () -> WorkerTree.read(sources));

    // then
    assertThat(exception.problems())
        .containsExactly(
            "mstc.object-store.s3.%s (override) must be given together with mstc.object-store.s3.%s, or neither of them"
                .formatted(given, missing));
  }

  @Test
  void pathStyleCanBeTurnedOffWithAnEndpoint() {
    // when
    S3Settings s3 = s3(with(S3_WITH_ENDPOINT, "MSTC_OBJECT_STORE_S3_PATH_STYLE", "false"));

    // then
    assertThat(s3.pathStyle()).isFalse();
  }

  @Test
  void jobsFindTheStoreWhereTheWorkerDoes() {
    assertThat(jobStore(Map.of())).isEqualTo(address("localhost", 9000, "http://localhost:9000"));
    assertThat(jobStore(Map.of("MSTC_OBJECT_STORE_MINIO_TLS_ENABLED", "true")))
        .isEqualTo(address("localhost", 9000, "https://localhost:9000"));
    assertThat(jobStore(S3_WITH_ENDPOINT))
        .isEqualTo(address("localhost", 9000, "http://localhost:9000"));
    assertThat(jobStore(with(S3, "MSTC_OBJECT_STORE_S3_ENDPOINT", "https://s3.example/")))
        .isEqualTo(address("s3.example", 443, "https://s3.example/"));
    assertThat(jobStore(S3)).isEmpty();
  }

  @Test
  void jobsCanBeToldAnotherAddressOfTheStore() {
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
  void halfAnAddressOfAStoreWithoutEndpointIsAProblem() {
    // given
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(with(S3, "MSTC_JOBS_STORE_PORT", "9001"));

    // when
    ConfigurationException exception =
        catchThrowableOfType(ConfigurationException.class, () -> WorkerTree.read(sources));

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
  void miniosEndpointIsAUrlForEveryKindOfHost(String host, URI endpoint) {
    // when
    WorkerConfiguration configuration = configuration(Map.of("MSTC_OBJECT_STORE_MINIO_HOST", host));

    // then
    assertThat(((StoreSettings.Minio) configuration.objectStore()).settings().endpoint())
        .isEqualTo(endpoint);
    assertThat(jobStore(configuration)).isEqualTo(address(host, 9000, endpoint.toString()));
  }

  private static S3Settings s3(Map<String, String> environment) {
    return s3(configuration(environment));
  }

  private static S3Settings s3(WorkerConfiguration configuration) {
    return ((StoreSettings.S3) configuration.objectStore()).settings();
  }

  private static Map<String, String> jobStore(Map<String, String> environment) {
    return jobStore(configuration(environment));
  }

  /** What jobs are told beside the region. */
  private static Map<String, String> jobStore(WorkerConfiguration configuration) {
    Map<String, String> told =
        new HashMap<>(
            ((RuntimeSettings.Kubernetes) configuration.runtime()).settings().jobs().environment());
    assertThat(told.remove("AWS_REGION")).isEqualTo("us-east-1");
    return told;
  }

  private static WorkerConfiguration configuration(Map<String, String> environment) {
    return WorkerTree.read(ConfigurationSources.ofEnvironment(environment)).configuration();
  }

  private static Map<String, String> address(String host, int port, String endpoint) {
    return Map.of(
        "MINIO_SERVICE_HOST",
        host,
        "MINIO_SERVICE_PORT",
        Integer.toString(port),
        "AWS_ENDPOINT_URL",
        endpoint);
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
