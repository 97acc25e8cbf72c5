package mstc.cloud.worker.adapters.rabbitmq;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.diagnosis.Finding;

/**
 * Where a broker is to listen, tried without its protocol: what is wrong below it is told apart.
 */
final class BrokerAddress {
  private static final int MAX_REASON_LENGTH = 300;

  private final RabbitSettings settings;
  private final int timeoutMillis;

  BrokerAddress(RabbitSettings settings) {
    this.settings = settings;
    timeoutMillis = (int) settings.timing().connection().toMillis();
  }

  Finding reach() {
    try (Socket _ = connect()) {
      return new Finding.Passed();
    } catch (IOException e) {
      return switch (e) {
        case UnknownHostException _ ->
            new Finding.Failed(
                "unknown host " + settings.host(),
                "set mstc.work-queue.host to a name that this machine can resolve");
        case SocketTimeoutException _ ->
            new Finding.Failed(
                "no answer within %d s".formatted(timeoutMillis / 1000),
                "let firewalls pass it, or set mstc.work-queue.host");
        case NoRouteToHostException _ ->
            new Finding.Failed(
                "there is no way to %s from here".formatted(settings.host()),
                "set mstc.work-queue.host, or mend the network");
        case ConnectException _ ->
            new Finding.Failed(
                "nothing listens on port %d of %s".formatted(settings.port(), settings.host()),
                "start RabbitMQ there, or set mstc.work-queue.host and mstc.work-queue.port");
        default ->
            new Finding.Failed(
                reason(e),
                "set mstc.work-queue.host and mstc.work-queue.port, or mend the network");
      };
    }
  }

  /** Makes TLS' handshake, and nothing over it. */
  Finding encrypt() {
    try (Socket socket = connect();
        SSLSocket encrypted =
            (SSLSocket)
                TrustedAuthorities.context(settings.tls().caCertificate())
                    .getSocketFactory()
                    .createSocket(socket, settings.host(), settings.port(), true)) {
      SSLParameters parameters = encrypted.getSSLParameters();
      if (settings.tls().verifyHostname()) {
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
      }
      encrypted.setSSLParameters(parameters);
      encrypted.setSoTimeout(timeoutMillis);
      encrypted.startHandshake();
      return new Finding.Passed(encrypted.getSession().getProtocol());
    } catch (SSLException e) {
      return new Finding.Failed(
          reason(e),
          String.valueOf(e.getMessage()).contains("Unsupported or unrecognized SSL message")
              ? "set mstc.work-queue.port to the port on which RabbitMQ speaks TLS, usually 5671, or"
                  + " mstc.work-queue.tls.enabled to false"
              : "set mstc.work-queue.tls.ca-certificate to the authority that signed RabbitMQ's"
                  + " certificate, and mstc.work-queue.host to a name in it");
    } catch (IOException e) {
      return new Finding.Failed(
          reason(e),
          "set mstc.work-queue.tls.ca-certificate, and mstc.work-queue.port to the port on which"
              + " RabbitMQ speaks TLS, usually 5671");
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(settings.host(), settings.port()), timeoutMillis);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static String reason(IOException failure) {
    return PrintableText.oneLine(String.valueOf(failure.getMessage()), MAX_REASON_LENGTH);
  }

  /** Host and port. */
  @Override
  public String toString() {
    return settings.host() + ":" + settings.port();
  }
}
