package mstc.cloud.worker.adapters.rabbitmq;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Whose certificates a TLS connection accepts. */
final class TrustedAuthorities {
  private TrustedAuthorities() {}

  /**
   * A TLS context that trusts the certificates of a PEM file, or the JVM's authorities.
   *
   * @throws IOException when there is no such file, or no certificate in it; the message names it
   */
  static SSLContext context(Optional<Path> caCertificate) throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      if (caCertificate.isPresent()) {
        trust.init(keyStore(caCertificate.get()));
      } else {
        trust.init((KeyStore) null);
      }
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(
          "CA certificate " + caCertificate.map(Path::toString).orElse("of the JVM") + ": " + e, e);
    }
  }

  private static KeyStore keyStore(Path pem) throws IOException, GeneralSecurityException {
    Collection<? extends Certificate> certificates;
    try (InputStream in = Files.newInputStream(pem)) {
      certificates = CertificateFactory.getInstance("X.509").generateCertificates(in);
    }
    if (certificates.isEmpty()) {
      throw new IOException("CA certificate " + pem + " holds no certificate in PEM form");
    }
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    int number = 0;
    for (Certificate certificate : certificates) {
      store.setCertificateEntry("ca-" + number++, certificate);
    }
    return store;
  }
}
