package mstc.cloud.worker.adapters.minio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MinioSettingsTest {

  @Test
  void theSecretKeyIsNotShown() {
    // given
    MinioSettings settings = settings("http://minio:9000", Optional.empty());

    // when
    String shown = settings.toString();

    // then
    assertThat(shown).contains("http://minio:9000", "user").doesNotContain("s3cret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"minio:9000", "ftp://minio", "http://minio:9000/path", "http:///"})
  void anotherEndpointThanHttpAndAHostIsRefused(String endpoint) {
    // when
    var refused =
        assertThatIllegalArgumentException().isThrownBy(() -> settings(endpoint, Optional.empty()));

    // then
    refused.withMessageContaining(endpoint);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://minio_server:9000", "http://[::1]:9000", "https://10.0.0.1/"})
  void everyKindOfHostIsTaken(String endpoint) {
    assertThatCode(() -> new MinioObjectStore(settings(endpoint, Optional.empty())).close())
        .doesNotThrowAnyException();
  }

  @Test
  void aMissingCaCertificateIsNamed(@TempDir Path folder) {
    // given
    MinioSettings settings =
        settings("https://minio:9000", Optional.of(folder.resolve("no-such-ca.pem")));

    // when
    var refused =
        assertThatIllegalArgumentException().isThrownBy(() -> new MinioObjectStore(settings));

    // then
    refused.withMessageContaining("no-such-ca.pem");
  }

  private static MinioSettings settings(String endpoint, Optional<Path> caCertificate) {
    return new MinioSettings(
        URI.create(endpoint),
        "user",
        "s3cret",
        Optional.empty(),
        true,
        true,
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        caCertificate,
        Optional.empty());
  }
}
