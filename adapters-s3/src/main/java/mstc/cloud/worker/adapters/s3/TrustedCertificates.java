package mstc.cloud.worker.adapters.s3;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import javax.net.ssl.TrustManagerFactory;
import software.amazon.awssdk.http.TlsTrustManagersProvider;

/** The certificates of a PEM file, as the only ones that may sign a server's. */
final class TrustedCertificates {
  private TrustedCertificates() {}

  static TlsTrustManagersProvider of(Path pem) {
    try (InputStream stream = Files.newInputStream(pem)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (Certificate certificate :
          CertificateFactory.getInstance("X.509").generateCertificates(stream)) {
        store.setCertificateEntry("ca-" + number++, certificate);
      }
      if (number == 0) {
        throw new CertificateException("there is none in it");
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      return factory::getTrustManagers;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "The CA certificates of the object store cannot be read from %s: %s; set mstc.object-store.s3.tls.ca-certificate"
              .formatted(pem, e.getMessage()),
          e);
    }
  }
}
