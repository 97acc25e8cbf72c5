package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.ListMetaBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseListBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** As much of an API server as one Lease needs, whose answers a test holds back. */
final class LeaseServer implements AutoCloseable {
  private final KubernetesSerialization json = new KubernetesSerialization();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;
  private final List<OutputStream> watches = new ArrayList<>();
  private final List<String> holders = new ArrayList<>();
  private @Nullable CountDownLatch holding;
  private boolean isOneHeld;
  private int gets;
  private int version = 1;
  private Lease lease;

  /** With a Lease that is another's. */
  LeaseServer(String holder) throws IOException {
    lease = held(holder);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/apis/coordination.k8s.io/v1/namespaces/default/leases", this::answer);
    server.start();
  }

  /** A client that repeats nothing. */
  KubernetesClient client(ExecutorService callbacks) {
    return new KubernetesClientBuilder()
        .withConfig(
            new ConfigBuilder()
                .withAutoConfigure(false)
                .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                .withRequestTimeout(20_000)
                .withRequestRetryBackoffLimit(0)
                .withHttp2Disable(true)
                .build())
        .withTaskExecutor(callbacks)
        .build();
  }

  /** Of a replica that shares the Lease. */
  static KubernetesSettings settings(String identity) {
    return new KubernetesSettings(
        Optional.empty(),
        Optional.empty(),
        "default",
        "lease",
        identity,
        Optional.empty(),
        Path.of("unused"),
        1,
        1,
        Duration.ZERO,
        Duration.ZERO,
        KubernetesSettings.JobTemplate.of(Map.of(), Optional.empty()),
        KubernetesSettings.Timing.DEFAULT);
  }

  private Lease held(String holder) {
    ZonedDateTime now = ZonedDateTime.now(ZoneOffset.UTC);
    return new LeaseBuilder()
        .withNewMetadata()
        .withName("lease")
        .withNamespace("default")
        .withUid("uid")
        .withResourceVersion(Integer.toString(version))
        .endMetadata()
        .withNewSpec()
        .withHolderIdentity(holder)
        .withLeaseDurationSeconds(15)
        .withAcquireTime(now)
        .withRenewTime(now)
        .withLeaseTransitions(1)
        .endSpec()
        .build();
  }

  /** Who has held the Lease, one entry for each change of it. */
  synchronized List<String> holders() {
    return List.copyOf(holders);
  }

  synchronized String holder() {
    return lease.getSpec().getHolderIdentity();
  }

  /** What a replica has noted; empty where nothing is. */
  synchronized String note(String name) {
    return LeaseNotes.read(lease, name).orElse("");
  }

  synchronized int gets() {
    return gets;
  }

  synchronized int watches() {
    return watches.size();
  }

  /** Holds back the answer to the next request for the Lease. */
  synchronized void holdNextGet() {
    holding = new CountDownLatch(1);
    isOneHeld = false;
  }

  synchronized boolean isOneHeld() {
    return isOneHeld;
  }

  /** Answers with the Lease as it is now. */
  synchronized void letGo() {
    if (holding != null) {
      holding.countDown();
      holding = null;
    }
  }

  /** Somebody else holds it now, or nobody. */
  synchronized void give(String holder) throws IOException {
    version++;
    change(
        new LeaseBuilder(held(holder))
            .editMetadata()
            .addToAnnotations(lease.getMetadata().getAnnotations())
            .endMetadata()
            .build());
  }

  private synchronized void change(Lease changed) throws IOException {
    lease = changed;
    holders.add(changed.getSpec().getHolderIdentity());
    byte[] event = (json.asJson(new WatchEvent(lease, "MODIFIED")) + "\n").getBytes(UTF_8);
    for (OutputStream watch : watches) {
      watch.write(event);
      watch.flush();
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    if (query.contains("watch=true")) {
      watch(exchange);
    } else if (exchange.getRequestMethod().equals("PATCH")) {
      patch(exchange);
    } else if (exchange.getRequestURI().getPath().endsWith("/lease")) {
      get(exchange);
    } else {
      list(exchange);
    }
  }

  /** The client tries a web socket first, and takes this answer for a server that knows none. */
  private void watch(HttpExchange exchange) throws IOException {
    if (exchange.getRequestHeaders().containsKey("Upgrade")) {
      exchange.sendResponseHeaders(HttpURLConnection.HTTP_UNAVAILABLE, -1);
      exchange.close();
      return;
    }
    exchange.sendResponseHeaders(HttpURLConnection.HTTP_OK, 0);
    exchange.getResponseBody().flush();
    synchronized (this) {
      watches.add(exchange.getResponseBody());
    }
  }

  private void list(HttpExchange exchange) throws IOException {
    String list;
    synchronized (this) {
      list =
          json.asJson(
              new LeaseListBuilder()
                  .withMetadata(
                      new ListMetaBuilder().withResourceVersion(Integer.toString(version)).build())
                  .withItems(lease)
                  .build());
    }
    send(exchange, HttpURLConnection.HTTP_OK, list);
  }

  private void get(HttpExchange exchange) throws IOException {
    CountDownLatch held;
    synchronized (this) {
      gets++;
      held = holding;
      isOneHeld |= held != null;
    }
    try {
      if (held != null) {
        held.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String now;
    synchronized (this) {
      now = json.asJson(lease);
    }
    send(exchange, HttpURLConnection.HTTP_OK, now);
  }

  private void patch(HttpExchange exchange) throws IOException {
    Lease patch = json.unmarshal(exchange.getRequestBody(), Lease.class);
    String answer;
    int code = HttpURLConnection.HTTP_OK;
    synchronized (this) {
      String known = patch.getMetadata().getResourceVersion();
      if (known == null || known.equals(Integer.toString(version))) {
        version++;
        change(
            new LeaseBuilder(lease)
                .editMetadata()
                .withResourceVersion(Integer.toString(version))
                .addToAnnotations(patch.getMetadata().getAnnotations())
                .endMetadata()
                .withSpec(patch.getSpec() == null ? lease.getSpec() : patch.getSpec())
                .build());
        answer = json.asJson(lease);
      } else {
        code = HttpURLConnection.HTTP_CONFLICT;
        answer =
            json.asJson(
                new StatusBuilder()
                    .withCode(HttpURLConnection.HTTP_CONFLICT)
                    .withMessage("changed")
                    .build());
      }
    }
    send(exchange, code, answer);
  }

  private static void send(HttpExchange exchange, int code, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  @Override
  public void close() {
    letGo();
    synchronized (this) {
      for (OutputStream watch : watches) {
        try {
          watch.close();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    server.stop(0);
    threads.shutdownNow();
  }

  /** The longest that anything takes. */
  static Duration patience() {
    return Duration.ofSeconds(30);
  }
}
