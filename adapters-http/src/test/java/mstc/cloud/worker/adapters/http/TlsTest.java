package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import mstc.cloud.worker.adapters.http.HttpSettings.Limits;
import mstc.cloud.worker.adapters.http.HttpSettings.TlsFiles;
import mstc.cloud.worker.application.view.RecentJobs;
import mstc.cloud.worker.domain.job.UniqueName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class TlsTest {
  private static final String PASSWORD = "changeit";

  @TempDir private Path folder;

  /** Writes a new certificate and its key; returns what trusts it. */
  private KeyStore writePem(TlsFiles files, String algorithm) throws Exception {
    Path keys = Files.createTempDirectory(folder, "keys").resolve("keys.p12");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair",
            "-alias",
            "server",
            "-dname",
            "CN=server",
            "-ext",
            "san=dns:localhost",
            "-keyalg",
            algorithm,
            "-validity",
            "2",
            "-keystore",
            keys.toString(),
            "-storepass",
            PASSWORD);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();

    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keys)) {
      store.load(in, PASSWORD.toCharArray());
    }
    Certificate certificate = store.getCertificate("server");
    Key key = store.getKey("server", PASSWORD.toCharArray());
    Files.writeString(files.certificate(), pem("CERTIFICATE", certificate.getEncoded()));
    Files.writeString(files.key(), pem("PRIVATE KEY", key.getEncoded()));
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("server", certificate);
    return trusted;
  }

  private static String pem(String type, byte[] content) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(type, Base64.getMimeEncoder().encodeToString(content), type);
  }

  private TlsFiles files() {
    return new TlsFiles(folder.resolve("tls.crt"), folder.resolve("tls.key"));
  }

  private static HttpSettings settings(TlsFiles files) {
    return new HttpSettings(
        "127.0.0.1", 0, Optional.empty(), Optional.of(files), Limits.DEFAULT, RecentJobs.DEFAULT);
  }

  private static SSLContext trusting(KeyStore trusted) throws Exception {
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }

  private static HttpClient client(KeyStore trusted) throws Exception {
    return HttpClient.newBuilder().sslContext(trusting(trusted)).build();
  }

  private static HttpRequest.Builder to(Api api, String path) {
    return HttpRequest.newBuilder(
            URI.create("https://localhost:%d%s".formatted(api.http.port(), path)))
        .timeout(Duration.ofSeconds(30));
  }

  private static HttpResponse<String> hello(Api api, KeyStore trusted) throws Exception {
    try (HttpClient client = client(trusted)) {
      return client.send(to(api, "/mstc/worker").build(), BodyHandlers.ofString());
    }
  }

  /** As Kubernetes' probes do, and whoever comes through a forwarded port. */
  @Test
  void whoComesByAnAddressThatIsNotInTheCertificateIsServed() throws Exception {
    // given
    TlsFiles files = files();
    KeyStore trusted = writePem(files, "EC");
    try (Api api = new Api(settings(files));
        Socket client =
            trusting(trusted).getSocketFactory().createSocket("127.0.0.1", api.http.port())) {

      // when
      client
          .getOutputStream()
          .write(
              "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));

      // then
      assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 200 ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"EC", "RSA"})
  void clientsAreServedWithTheCertificate(String algorithm) throws Exception {
    // given
    KeyStore trusted = writePem(files(), algorithm);
    try (Api api = new Api(settings(files()))) {
      // when
      HttpResponse<String> response = hello(api, trusted);

      // then
      assertThat(response.body()).isEqualTo("hello\n");
    }
  }

  @Test
  void whatIsStreamedArrivesAndIsFreedWhenItsClientLeaves() throws Exception {
    // given
    KeyStore trusted = writePem(files(), "EC");
    try (Api api = new Api(settings(files()));
        HttpClient client = client(trusted)) {
      client.send(
          to(api, "/mstc/jobs").POST(BodyPublishers.ofString(Api.REQUEST)).build(),
          BodyHandlers.ofString());
      UniqueName job = api.awaitJob();
      try (EventClient events = new EventClient(client, to(api, "/mstc/jobs/" + job + "/log"))) {
        // when
        api.runtime.write(job, "begun\n");

        // then
        events.await("log", "begun");
        assertThat(api.views.open()).isEqualTo(1);
      }
      Api.eventually().until(() -> api.views.open() == 0);
    }
  }

  @Test
  void aHandshakeThatDoesNotArriveIsCut() throws Exception {
    // given
    var _ = writePem(files(), "EC");
    Limits limits = new Limits(10, 10, 16 * 1024, Duration.ofMillis(300), Duration.ofHours(1), 10);
    HttpSettings settings =
        new HttpSettings(
            "127.0.0.1", 0, Optional.empty(), Optional.of(files()), limits, RecentJobs.DEFAULT);
    try (Api api = new Api(settings);
        Intruder intruder = Intruder.of(api)) {
      // when
      intruder.send("\u0016\u0003\u0001");

      // then
      Api.eventually().until(intruder::isCut);
    }
  }

  @Test
  void filesThatChangeAreReadAgain() throws Exception {
    // given
    KeyStore before = writePem(files(), "EC");
    ServerCertificate certificate = new ServerCertificate(files());
    certificate.context().start();
    assertThat(shown(certificate)).isEqualTo(before.getCertificate("server"));

    // when
    KeyStore after = writePem(files(), "EC");
    Files.setLastModifiedTime(files().key(), FileTime.fromMillis(1));
    certificate.readAgainIfChanged();

    // then
    assertThat(shown(certificate)).isEqualTo(after.getCertificate("server"));
    certificate.context().stop();
  }

  @Test
  void filesThatCannotBeReadLeaveTheCertificateAsItIs() throws Exception {
    // given
    KeyStore before = writePem(files(), "EC");
    ServerCertificate certificate = new ServerCertificate(files());
    certificate.context().start();

    // when
    Files.writeString(files().key(), "being replaced");
    Files.setLastModifiedTime(files().key(), FileTime.fromMillis(1));
    certificate.readAgainIfChanged();

    // then
    assertThat(shown(certificate)).isEqualTo(before.getCertificate("server"));
    certificate.context().stop();
  }

  private static Certificate shown(ServerCertificate certificate) throws Exception {
    KeyStore store = certificate.context().getKeyStore();
    return store.getCertificate(store.aliases().nextElement());
  }

  @Test
  void aKeyInAnotherFormIsRefusedWithWhatToDo() throws Exception {
    // given
    var _ = writePem(files(), "EC");
    Files.writeString(files().key(), "-----BEGIN EC PRIVATE KEY-----\n");

    // when
    assertThatThrownBy(() -> new ServerCertificate(files()))
        // then
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("mstc.http.tls.key", files().key().toString(), "openssl pkcs8");
  }

  @Test
  void aKeyOfAnotherCertificateIsRefused() throws Exception {
    // given
    var _ = writePem(new TlsFiles(folder.resolve("other.crt"), files().key()), "RSA");
    var _ = writePem(new TlsFiles(files().certificate(), folder.resolve("other.key")), "EC");

    // when
    assertThatThrownBy(() -> new ServerCertificate(files()))
        // then
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("mstc.http.tls.key");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no certificate"})
  void aFileWithoutACertificateIsNamed(String content) throws IOException {
    // given
    Files.writeString(files().certificate(), content);
    Files.writeString(files().key(), "");

    // when
    assertThatThrownBy(() -> new ServerCertificate(files()))
        // then
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll(
            "mstc.http.tls.certificate", files().certificate().toString(), "PEM");
  }
}
