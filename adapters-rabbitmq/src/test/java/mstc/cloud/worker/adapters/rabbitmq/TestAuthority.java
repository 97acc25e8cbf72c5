package mstc.cloud.worker.adapters.rabbitmq;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A certificate authority with one server certificate, made with the JDK's keytool.
 *
 * @param pem the authority's own certificate
 * @param keyStore holds the server's key
 */
record TestAuthority(Path pem, Path keyStore) {
  private static final String PASSWORD = "changeit";

  static TestAuthority create(Path folder, String serverName) throws Exception {
    Files.createDirectories(folder);
    TestAuthority authority =
        new TestAuthority(folder.resolve("ca.pem"), folder.resolve("keys.p12"));
    authority.keytool("-genkeypair", "-alias", "ca", "-dname", "CN=test ca", "-ext", "bc:c");
    authority.keytool("-exportcert", "-rfc", "-alias", "ca", "-file", authority.pem.toString());
    authority.keytool(
        "-genkeypair",
        "-alias",
        "server",
        "-dname",
        "CN=server",
        "-signer",
        "ca",
        "-ext",
        "san=dns:" + serverName);
    authority.keytool("-delete", "-alias", "ca");
    return authority;
  }

  private void keytool(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(List.of("-keystore", keyStore.toString(), "-storepass", PASSWORD));
    if (arguments[0].equals("-genkeypair")) {
      command.addAll(List.of("-keyalg", "EC", "-validity", "2"));
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(command + ": " + output);
    }
  }

  /** Sockets that show the server's certificate. */
  ServerSocketFactory serverSockets() throws IOException, GeneralSecurityException {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keyStore)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context.getServerSocketFactory();
  }
}
