package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** The certificates of a PEM file: only they may sign a server's. */
public final class TrustedCertificates {
  private final X509TrustManager trustManager;

  private TrustedCertificates(X509TrustManager trustManager) {
    this.trustManager = trustManager;
  }

  /**
   * Reads the certificates.
   *
   * @param setting the name of the setting that names the file, for the message
   * @throws IllegalArgumentException when the file cannot be read or has no certificate
   */
  public static TrustedCertificates of(Path pem, String setting) {
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
      return new TrustedCertificates(
          Arrays.stream(factory.getTrustManagers())
              .filter(X509TrustManager.class::isInstance)
              .map(X509TrustManager.class::cast)
              .findFirst()
              .orElseThrow());
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "The CA certificates of the object store cannot be read from %s: %s; set %s"
              .formatted(pem, e.getMessage(), setting),
          e);
    }
  }

  /** Accepts servers whose certificates are signed by these. */
  public X509TrustManager trustManager() {
    return trustManager;
  }

  /** Makes sockets that connect to such servers only. */
  public SSLSocketFactory socketFactory() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {trustManager}, null);
      return context.getSocketFactory();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JVM has no TLS", e);
    }
  }
}
