package mstc.cloud.worker.adapters.k8s.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import mstc.cloud.worker.testkit.store.RecordingProxy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Timeout(120)
@Isolated("changes properties of the whole Java virtual machine")
class ClusterProxyTest {
  @TempDir private Path folder;

  private void callInVain(String server, String more, Function<URI, Optional<URI>> proxies)
      throws IOException {
    callInVain(new ClusterAccess(Optional.of(kubeconfig(server, more)), Optional.empty()), proxies);
  }

  private Path kubeconfig(String server, String more) throws IOException {
    return Files.writeString(
        folder.resolve("kubeconfig"),
        """
        apiVersion: v1
        kind: Config
        current-context: far
        contexts: [{name: far, context: {cluster: far, user: me}}]
        users: [{name: me, user: {token: hush}}]
        clusters: [{name: far, cluster: {server: "%s"%s}}]
        """
            .formatted(server, more));
  }

  private static void callInVain(ClusterAccess access, Function<URI, Optional<URI>> proxies) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        ClusterClients clients = new ClusterClients(access, "n", proxies, threads)) {
      assertThat(catchThrowable(() -> clients.plain().pods().list())).isNotNull();
      assertThat(catchThrowable(() -> clients.quick().pods().list())).isNotNull();
      assertThat(catchThrowable(() -> clients.pinning().pods().list())).isNotNull();
    }
  }

  @Test
  void everyClientOfTheClusterGoesThroughItsProxy() throws Exception {
    try (RecordingProxy proxy = RecordingProxy.start()) {
      // when
      callInVain("http://api.test:6443", "", _ -> Optional.of(proxy.url()));

      // then
      assertThat(proxy.requests())
          .hasSize(3)
          .containsOnly("GET http://api.test:6443/api/v1/namespaces/n/pods");
    }
  }

  @Test
  void withTlsTheProxyIsAskedForATunnel() throws Exception {
    try (RecordingProxy proxy = RecordingProxy.start()) {
      // when
      callInVain("https://api.test", "", _ -> Optional.of(proxy.url()));

      // then
      assertThat(proxy.requests()).isNotEmpty().containsOnly("CONNECT api.test:443");
    }
  }

  @Test
  void aProxyOfTheKubeconfigHasPrecedence() throws Exception {
    try (RecordingProxy other = RecordingProxy.start();
        RecordingProxy own = RecordingProxy.start()) {
      // when
      callInVain(
          "http://api.test:6443",
          ", proxy-url: \"" + own.url() + "\"",
          _ -> Optional.of(other.url()));

      // then
      assertThat(own.requests()).hasSize(3);
      assertThat(other.requests()).isEmpty();
    }
  }

  @Test
  void aProxyThatAsksIsToldTheUserAndThePassword() throws Exception {
    try (RecordingProxy proxy = RecordingProxy.startAskingForLogin()) {
      // given
      URI url = URI.create(proxy.url().toString().replace("//", "//me:p%40ss@"));

      // when
      callInVain("http://api.test:6443", "", _ -> Optional.of(url));

      // then
      assertThat(proxy.logins()).isNotEmpty().containsOnly("Basic bWU6cEBzcw==");
    }
  }

  @Test
  void withoutAProxyItIsReachedDirectlyWhateverJavaIsTold() throws Exception {
    try (RecordingProxy proxy = RecordingProxy.start();
        RecordingProxy server = RecordingProxy.start()) {
      System.setProperty("http.proxyHost", "127.0.0.1");
      System.setProperty("http.proxyPort", Integer.toString(proxy.url().getPort()));
      System.setProperty("http.nonProxyHosts", "");
      // The variables that the library reads are properties, too.
      System.setProperty("http.proxy", proxy.url().toString());
      System.setProperty("no.proxy", "a, b c");

      // when
      try {
        callInVain(server.url().toString(), "", _ -> Optional.empty());
      } finally {
        System.clearProperty("http.proxyHost");
        System.clearProperty("http.proxyPort");
        System.clearProperty("http.nonProxyHosts");
        System.clearProperty("http.proxy");
        System.clearProperty("no.proxy");
      }

      // then
      assertThat(server.requests()).hasSize(3).containsOnly("GET /api/v1/namespaces/n/pods");
      assertThat(proxy.requests()).isEmpty();
    }
  }

  @Test
  void theLibraryDoesNotReadTheVariablesAlsoWhereItFindsTheClusterItself() throws Exception {
    try (RecordingProxy other = RecordingProxy.start();
        RecordingProxy proxy = RecordingProxy.start();
        RecordingProxy server = RecordingProxy.start()) {
      // given
      System.setProperty("http.proxy", other.url().toString());
      System.setProperty("no.proxy", "a, b c");
      ClusterAccess found = new ClusterAccess(Optional.empty(), Optional.empty());

      // when
      try {
        System.setProperty("kubeconfig", kubeconfig("http://api.test:6443", "").toString());
        callInVain(found, _ -> Optional.of(proxy.url()));
        System.setProperty("kubeconfig", kubeconfig(server.url().toString(), "").toString());
        callInVain(found, _ -> Optional.empty());
      } finally {
        System.clearProperty("kubeconfig");
        System.clearProperty("http.proxy");
        System.clearProperty("no.proxy");
      }

      // then
      assertThat(proxy.requests()).hasSize(3);
      assertThat(server.requests()).hasSize(3);
      assertThat(other.requests()).isEmpty();
    }
  }
}
