package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mstc.cloud.worker.adapters.http.HttpSettings.TlsFiles;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The certificate that the server shows, read again when its files change. */
final class ServerCertificate {
  private static final Logger LOG = LoggerFactory.getLogger(ServerCertificate.class);
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  /** Of the key in memory, which is protected by nothing else than this process. */
  private static final String PASSWORD = "in memory";

  private static final String ALIAS = "server";
  private static final int LOOK_SECONDS = 30;

  private final TlsFiles files;
  private final SslContextFactory.Server context = new SslContextFactory.Server();
  private List<FileTime> read;

  /**
   * Reads the files.
   *
   * @throws IllegalStateException if they are not what they should be, naming the file
   */
  ServerCertificate(TlsFiles files) {
    this.files = files;
    this.read = times();
    context.setKeyStore(load());
    context.setKeyStorePassword(PASSWORD);
  }

  SslContextFactory.Server context() {
    return context;
  }

  /**
   * Looks every now and then whether the files have changed; open connections keep what they have.
   */
  void keepReading(Scheduler scheduler) {
    var _ =
        scheduler.schedule(
            () -> {
              readAgainIfChanged();
              keepReading(scheduler);
            },
            LOOK_SECONDS,
            TimeUnit.SECONDS);
  }

  /** While the files are being replaced, they may not fit: then the old ones stay until they do. */
  void readAgainIfChanged() {
    try {
      List<FileTime> now = times();
      if (!now.equals(read)) {
        KeyStore changed = load();
        context.reload(factory -> factory.setKeyStore(changed));
        read = now;
        LOG.info("HTTP shows the changed certificate in {}", files.certificate());
      }
    } catch (Exception e) {
      LOG.warn("HTTP keeps the certificate that it has: {}", e.getMessage());
    }
  }

  private List<FileTime> times() {
    return List.of(time(files.certificate()), time(files.key()));
  }

  private static FileTime time(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      throw new IllegalStateException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private KeyStore load() {
    Certificate[] chain = certificates();
    PrivateKey key = key(chain[0].getPublicKey().getAlgorithm());
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(ALIAS, key, PASSWORD.toCharArray(), chain);
      return store;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(
          "%s and %s are not a certificate and its key: %s"
              .formatted(files.certificate(), files.key(), e.getMessage()),
          e);
    }
  }

  private Certificate[] certificates() {
    try (InputStream pem = Files.newInputStream(files.certificate())) {
      Certificate[] chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(pem)
              .toArray(Certificate[]::new);
      if (chain.length > 0) {
        return chain;
      }
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(
          "mstc.http.tls.certificate: %s has no certificate in PEM: %s"
              .formatted(files.certificate(), e.getMessage()),
          e);
    }
    throw new IllegalStateException(
        "mstc.http.tls.certificate: %s has no certificate in PEM".formatted(files.certificate()));
  }

  private PrivateKey key(String algorithm) {
    try {
      Matcher matcher = KEY.matcher(Files.readString(files.key()));
      if (!matcher.find()) {
        throw new IllegalStateException(
            "mstc.http.tls.key: %s has no BEGIN PRIVATE KEY; openssl pkcs8 -topk8 -nocrypt makes one"
                .formatted(files.key()));
      }
      return KeyFactory.getInstance(algorithm)
          .generatePrivate(
              new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(matcher.group(1))));
    } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
      throw new IllegalStateException(
          "mstc.http.tls.key: %s is not the %s key of the certificate: %s"
              .formatted(files.key(), algorithm, e.getMessage()),
          e);
    }
  }
}
