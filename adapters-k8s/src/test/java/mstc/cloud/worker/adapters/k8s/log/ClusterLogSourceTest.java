package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import mstc.cloud.worker.adapters.k8s.cluster.TestServers;
import mstc.cloud.worker.adapters.k8s.log.LogSource.Container;
import mstc.cloud.worker.adapters.k8s.log.LogSource.GoneException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Logs over HTTP, from a server of the test that gives one response to all requests for logs. */
class ClusterLogSourceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Container CONTAINER = new Container("p", "solve");
  private static final String POD =
      "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\"}}";

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final HttpServer server;
  private final KubernetesClient client;
  private final ClusterLogSource source;
  private volatile int logCode = 200;
  private volatile String log = "";
  private volatile int podsCode = 200;
  private volatile String pods = "";

  ClusterLogSourceTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/api/v1/namespaces/here/pods/p/log", this::sendLog);
    server.createContext("/api/v1/namespaces/here/pods", this::sendPods);
    server.start();
    client = TestServers.client(server, threads);
    source = new ClusterLogSource(client, client, "here");
  }

  @AfterEach
  void closeEverything() {
    client.close();
    server.stop(0);
    threads.shutdownNow();
  }

  private void sendLog(HttpExchange exchange) throws IOException {
    requests.add(exchange.getRequestURI().getQuery());
    send(exchange, logCode, log);
  }

  private void sendPods(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    send(
        exchange,
        podsCode,
        "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[" + pods + "]}");
  }

  private static void send(HttpExchange exchange, int code, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    exchange.sendResponseHeaders(code, bytes.length == 0 ? -1 : bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  private static String text(LogStream stream) {
    StringBuilder text = new StringBuilder();
    byte[] buffer = new byte[8];
    await()
        .atMost(PATIENCE)
        .until(() -> {
          int count = stream.read(buffer);
          text.append(new String(buffer, 0, Math.max(0, count), UTF_8));
          return count < 0;
        });
    return text.toString();
  }

  @Test
  void aLogIsReadToItsEnd() throws IOException {
    // given
    log = "2026-11-23T10:00:00Z one line\n";

    // when
    String read;
    try (LogStream stream = source.read(CONTAINER, Optional.empty())) {
      read = text(stream);
    }

    // then
    assertThat(read).isEqualTo(log);
    assertThat(requests).containsExactly("container=solve&timestamps=true");
  }

  @Test
  void eachStreamIsOpenedAsItIsUsed() throws IOException {
    // given
    Optional<Instant> since = Optional.of(Instant.parse("2026-11-23T10:00:00Z"));

    // when
    source.follow(CONTAINER, since).close();
    source.read(CONTAINER, since).close();
    source.pin(CONTAINER).close();

    // then
    assertThat(requests)
        .containsExactly(
            "container=solve&timestamps=true&follow=true&sinceTime=2026-11-23T10:00:00Z",
            "container=solve&timestamps=true&sinceTime=2026-11-23T10:00:00Z",
            "container=solve&timestamps=true");
  }

  @Test
  void theNewestFileBeginsWithTheTimeOfItsFirstLine() throws IOException {
    // given
    log = "2026-11-23T10:00:00.000000007Z the first of many";

    // when
    Optional<Instant> begins = source.newestFileBegins(CONTAINER);

    // then
    assertThat(begins).contains(Instant.parse("2026-11-23T10:00:00.000000007Z"));
    assertThat(requests).containsExactly("container=solve&timestamps=true&limitBytes=64");
  }

  @Test
  void anEmptyFileBeginsWithNothing() throws IOException {
    assertThat(source.newestFileBegins(CONTAINER)).isEmpty();
  }

  @Test
  void whatIsNoLineOfALogIsQuoted() {
    // given
    log = "unable to retrieve container logs";

    // when, then
    assertThatThrownBy(() -> source.newestFileBegins(CONTAINER))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the log of pod p")
        .hasMessageContaining("unable to retrieve");
  }

  @Test
  void anErrorIsNoLog() {
    // given
    logCode = 500;
    log = "the kubelet is away";

    // when, then
    assertThatThrownBy(() -> source.read(CONTAINER, Optional.empty()))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(GoneException.class)
        .hasMessage("the log of pod p: 500 the kubelet is away");
  }

  @Test
  void aPodThatIsGoneHasNoLogAnyMore() {
    // given
    logCode = 404;

    // when, then
    assertThatThrownBy(() -> source.read(CONTAINER, Optional.empty()))
        .isInstanceOf(GoneException.class);
  }

  @Test
  void aKubeletThatDoesNotKnowItsPodYetIsAskedAgainLater() {
    // given
    logCode = 404;
    pods = POD;

    // when, then
    assertThatThrownBy(() -> source.read(CONTAINER, Optional.empty()))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(GoneException.class);
  }

  @Test
  void aPodIsNotGoneOnlyBecauseNobodyCanTell() {
    // given
    logCode = 404;
    podsCode = 500;

    // when, then
    assertThatThrownBy(() -> source.read(CONTAINER, Optional.empty()))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(GoneException.class)
        .hasMessageContaining("whether pod p is gone");
  }

  @Test
  void aServerThatIsAwayGivesNoStream() {
    // given
    server.stop(0);

    // when, then
    assertThatThrownBy(() -> source.read(CONTAINER, Optional.empty()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the log of pod p");
  }

  @Test
  void whoIsInterruptedWaitsForNoStream() {
    // given
    Thread.currentThread().interrupt();

    // when, then
    assertThatThrownBy(() -> source.read(CONTAINER, Optional.empty()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }
}
