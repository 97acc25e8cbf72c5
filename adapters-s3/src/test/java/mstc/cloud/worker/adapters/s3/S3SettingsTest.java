package mstc.cloud.worker.adapters.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class S3SettingsTest {

  @Test
  void theSecretKeyIsNotShown() {
    // given
    S3Settings settings = settings("http://minio:9000", Optional.empty());

    // when
    String shown = settings.toString();

    // then
    assertThat(shown).contains("http://minio:9000", "user").doesNotContain("s3cret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"minio:9000", "ftp://minio", "http:///"})
  void anotherEndpointThanHttpAndAHostIsRefused(String endpoint) {
    // when
    var refused =
        assertThatIllegalArgumentException().isThrownBy(() -> settings(endpoint, Optional.empty()));

    // then
    refused.withMessageContaining(endpoint);
  }

  @Test
  void aMissingCaCertificateIsNamed(@TempDir Path folder) {
    // given
    S3Settings settings =
        settings("https://minio:9000", Optional.of(folder.resolve("no-such-ca.pem")));

    // when
    var refused =
        assertThatIllegalArgumentException().isThrownBy(() -> new S3ObjectStore(settings));

    // then
    refused.withMessageContaining("no-such-ca.pem");
  }

  private static S3Settings settings(String endpoint, Optional<Path> caCertificate) {
    return new S3Settings(
        Optional.of(URI.create(endpoint)),
        Optional.empty(),
        Optional.of(new S3Settings.Keys("user", "s3cret")),
        true,
        true,
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        caCertificate,
        Optional.empty());
  }
}
