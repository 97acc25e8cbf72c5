package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.ConnectException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.diagnosis.Finding;

/** Tells from the client's exception why no API server responded; its own message hardly does. */
final class Unreachable {
  private static final String ADDRESS =
      "the server of the kubeconfig's cluster, or set mstc.runtime.kubernetes.context to another";
  private static final int MAX_REASON_LENGTH = 300;

  private Unreachable() {}

  /**
   * The finding.
   *
   * @param server the API server's URL
   */
  static Finding at(String server, KubernetesClientException failure) {
    Optional<SSLException> untrusted = firstOf(SSLException.class, failure);
    if (untrusted.isPresent()) {
      return new Finding.Failed(
          "TLS with %s failed: %s"
              .formatted(
                  server,
                  PrintableText.oneLine(
                      String.valueOf(untrusted.get().getMessage()), MAX_REASON_LENGTH)),
          "set certificate-authority in the kubeconfig to the cluster's, and its server to a name in"
              + " the certificate");
    }
    if (firstOf(UnresolvedAddressException.class, failure).isPresent()) {
      return new Finding.Failed(
          "the host of %s is unknown".formatted(server), "correct " + ADDRESS);
    }
    if (firstOf(HttpTimeoutException.class, failure).isPresent()
        || firstOf(TimeoutException.class, failure).isPresent()) {
      return new Finding.Failed(
          server + " did not answer in time",
          "let firewalls and VPNs pass it, or correct " + ADDRESS);
    }
    if (firstOf(ConnectException.class, failure).isPresent()) {
      return new Finding.Failed(
          "nothing listens at " + server, "start the cluster, or correct " + ADDRESS);
    }
    return new Finding.Failed(
        ApiErrors.message(failure), "start the cluster, or correct " + ADDRESS);
  }

  private static <T extends Throwable> Optional<T> firstOf(Class<T> type, Throwable failure) {
    return Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
        .filter(type::isInstance)
        .map(type::cast)
        .findFirst();
  }
}
