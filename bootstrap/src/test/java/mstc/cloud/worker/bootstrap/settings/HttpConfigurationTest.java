package mstc.cloud.worker.bootstrap.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import mstc.cloud.worker.adapters.http.HttpSettings;
import mstc.cloud.worker.adapters.http.HttpSettings.Limits;
import mstc.cloud.worker.adapters.http.HttpSettings.TlsFiles;
import mstc.cloud.worker.application.view.RecentJobs;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationException;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpConfigurationTest {
  @TempDir private Path folder;

  private static ConfigurationSources sources(Map<String, String> overrides) {
    return ConfigurationSources.ofEnvironment(Map.of()).withOverrides(overrides);
  }

  private static HttpSettings read(Map<String, String> overrides) {
    return WorkerTree.read(sources(overrides)).configuration().http().orElseThrow();
  }

  private static ConfigurationException refused(Map<String, String> overrides) {
    return catchThrowableOfType(
        ConfigurationException.class, () -> WorkerTree.read(sources(overrides)));
  }

  @Test
  void limitsAreThoseThatAreConfigured() {
    // when
    HttpSettings http =
        read(
            Map.of(
                "mstc.http.max-connections", "20",
                "mstc.http.max-connections-per-address", "10",
                "mstc.http.max-header-bytes", "8192",
                "mstc.http.arrival-timeout", "5s",
                "mstc.http.idle-timeout", "1m",
                "mstc.http.max-streams", "7"));

    // then
    assertThat(http.limits())
        .isEqualTo(new Limits(20, 10, 8192, Duration.ofSeconds(5), Duration.ofMinutes(1), 7));
  }

  @Test
  void theTokenIsTheOneThatIsConfigured() {
    assertThat(read(Map.of("mstc.http.token", "s3cret")).token()).contains("s3cret");
    assertThat(read(Map.of()).token()).isEmpty();
  }

  @Test
  void recentJobsAreThoseThatAreConfigured() {
    // when
    HttpSettings http = read(Map.of("mstc.http.recent-jobs", "20", "mstc.http.recent-time", "10m"));

    // then
    assertThat(http.recent()).isEqualTo(new RecentJobs(20, Duration.ofMinutes(10)));
  }

  @Test
  void fewerConnectionsThanOneAddressMayHaveByDefaultAreForAllAndForOne() {
    // when
    HttpSettings http = read(Map.of("mstc.http.max-connections", "20"));

    // then
    assertThat(http.limits().connectionsPerAddress()).isEqualTo(20);
  }

  @Test
  void moreConnectionsOfOneAddressThanOfAllAreAProblem() {
    // when
    ConfigurationException exception =
        refused(
            Map.of(
                "mstc.http.max-connections", "20",
                "mstc.http.max-connections-per-address", "21"));

    // then
    assertThat(exception.problems())
        .containsExactly(
            "mstc.http.max-connections-per-address (override) must be at most"
                + " mstc.http.max-connections (20), but is 21");
  }

  @Test
  void certificateAndKeySwitchOnTls() throws IOException {
    // given
    Path certificate = Files.createFile(folder.resolve("tls.crt"));
    Path key = Files.createFile(folder.resolve("tls.key"));

    // when
    HttpSettings http =
        read(
            Map.of(
                "mstc.http.tls.certificate", certificate.toString(),
                "mstc.http.tls.key", key.toString()));

    // then
    assertThat(http.tls()).contains(new TlsFiles(certificate, key));
    assertThat(read(Map.of()).tls()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"certificate, key", "key, certificate"})
  void oneOfCertificateAndKeyIsAProblem(String given, String missing) throws IOException {
    // given
    Path file = Files.createFile(folder.resolve("tls.pem"));

    // when
    ConfigurationException exception = refused(Map.of("mstc.http.tls." + given, file.toString()));

    // then
    assertThat(exception.problems())
        .containsExactly(
            "mstc.http.tls.%s (override) must be given together with mstc.http.tls.%s, or neither of them"
                .formatted(given, missing));
  }
}
