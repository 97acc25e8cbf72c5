package mstc.cloud.worker.s3protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedCertificatesTest {
  private static final String SETTING = "mstc.object-store.minio.tls.ca-certificate";

  @TempDir private Path folder;

  @Test
  void theCertificatesOfTheFileAreTheOnlyOnesThatAreTrusted() throws Exception {
    // given
    Path pem = selfSigned();

    // when
    TrustedCertificates trusted = TrustedCertificates.of(pem, SETTING);

    // then
    assertThat(trusted.trustManager().getAcceptedIssuers())
        .extracting(certificate -> certificate.getSubjectX500Principal().getName())
        .containsExactly("CN=localhost");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no certificate"})
  void aFileWithoutACertificateIsNamedWithItsSetting(String content) throws Exception {
    // given
    Path pem = Files.writeString(folder.resolve("ca.pem"), content);

    // when
    var refused =
        assertThatIllegalArgumentException().isThrownBy(() -> TrustedCertificates.of(pem, SETTING));

    // then
    refused.withMessageContaining("ca.pem").withMessageEndingWith("; set " + SETTING);
  }

  @Test
  void aMissingFileIsNamedWithItsSetting() {
    // given
    Path missing = folder.resolve("no-such-ca.pem");

    // when
    var refused =
        assertThatIllegalArgumentException()
            .isThrownBy(() -> TrustedCertificates.of(missing, SETTING));

    // then
    refused.withMessageContaining("no-such-ca.pem").withMessageEndingWith("; set " + SETTING);
  }

  private Path selfSigned() throws Exception {
    Path pem = folder.resolve("ca.pem");
    String keyStore = folder.resolve("server.p12").toString();
    keytool("-genkeypair", "-keyalg", "EC", "-dname", "CN=localhost", "-keystore", keyStore);
    keytool("-exportcert", "-rfc", "-file", pem.toString(), "-keystore", keyStore);
    return pem;
  }

  private static void keytool(String... arguments) throws Exception {
    var line = new ArrayList<String>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    line.addAll(List.of(arguments));
    line.addAll(List.of("-alias", "server", "-storepass", "password"));
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}
