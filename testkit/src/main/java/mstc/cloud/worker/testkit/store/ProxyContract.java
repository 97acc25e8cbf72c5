package mstc.cloud.worker.testkit.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.Optional;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * How a store is reached through a proxy, and without one. Changes properties of the whole Java
 * virtual machine.
 */
@Timeout(120)
public abstract class ProxyContract {
  private static final URI FAR = URI.create("http://store.test:9000");

  /**
   * Opens a store.
   *
   * @param proxy through which every server is reached; empty if none is used
   */
  protected abstract ObjectStore open(URI endpoint, Optional<URI> proxy);

  private void checkInVain(URI endpoint, Optional<URI> proxy) {
    try (ObjectStore store = open(endpoint, proxy)) {
      assertThatThrownBy(store::check).isInstanceOf(ObjectStoreException.class);
    }
  }

  @Test
  void theStoreIsReachedThroughItsProxy() {
    try (RecordingProxy proxy = RecordingProxy.start()) {
      // when
      checkInVain(FAR, Optional.of(proxy.url()));

      // then
      assertThat(proxy.requests()).isNotEmpty().allMatch(line -> line.startsWith("GET " + FAR));
      assertThat(proxy.logins()).isEmpty();
    }
  }

  @Test
  void withTlsTheProxyIsAskedForATunnel() {
    try (RecordingProxy proxy = RecordingProxy.start()) {
      // when
      checkInVain(URI.create("https://store.test"), Optional.of(proxy.url()));

      // then
      assertThat(proxy.requests()).isNotEmpty().containsOnly("CONNECT store.test:443");
    }
  }

  @Test
  void aProxyThatAsksIsToldTheUserAndThePassword() {
    try (RecordingProxy proxy = RecordingProxy.startAskingForLogin()) {
      // given
      URI url = URI.create(proxy.url().toString().replace("//", "//me:p%40ss@"));

      // when
      checkInVain(FAR, Optional.of(url));

      // then
      assertThat(proxy.logins()).isNotEmpty().containsOnly("Basic bWU6cEBzcw==");
    }
  }

  @Test
  void withoutAProxyItIsReachedDirectlyWhateverJavaIsTold() {
    try (RecordingProxy proxy = RecordingProxy.start();
        RecordingProxy server = RecordingProxy.start()) {
      System.setProperty("http.proxyHost", "127.0.0.1");
      System.setProperty("http.proxyPort", Integer.toString(proxy.url().getPort()));
      System.setProperty("http.nonProxyHosts", "");

      // when
      try {
        checkInVain(server.url(), Optional.empty());
      } finally {
        System.clearProperty("http.proxyHost");
        System.clearProperty("http.proxyPort");
        System.clearProperty("http.nonProxyHosts");
      }

      // then
      assertThat(server.requests()).isNotEmpty().allMatch(line -> line.startsWith("GET /"));
      assertThat(proxy.requests()).isEmpty();
    }
  }
}
