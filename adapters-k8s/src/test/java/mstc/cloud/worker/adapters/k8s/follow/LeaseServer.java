package mstc.cloud.worker.adapters.k8s.follow;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.ListMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseListBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.adapters.k8s.cluster.TestServers;
import org.jspecify.annotations.Nullable;

/** As much of an API server as one Lease needs, whose responses a test holds back. */
final class LeaseServer implements AutoCloseable {
  static final String NAMESPACE = "default";
  static final String LEASE = "lease";

  private final KubernetesSerialization json = new KubernetesSerialization();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;
  private final List<OutputStream> watches = new ArrayList<>();
  private final List<String> holders = new ArrayList<>();
  private final List<Pod> pods = new ArrayList<>();
  private @Nullable CountDownLatch delay;
  private boolean isOneDelayed;
  private boolean isDeleted;
  private boolean isAway;
  private int refused;
  private int gets;
  private int version = 1;
  private Lease lease;

  /** With a Lease that is another's. */
  LeaseServer(String holder) throws IOException {
    lease = held(holder);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/apis/coordination.k8s.io/v1/namespaces/default/leases", this::respond);
    server.createContext("/api/v1/namespaces/default/pods", this::listPods);
    server.start();
  }

  /** A client that repeats nothing. */
  KubernetesClient client(ExecutorService callbacks) {
    return TestServers.client(server, callbacks, Duration.ofSeconds(20));
  }

  /** A busy machine costs nobody the Lease. */
  private static final KubernetesSettings.Timing PATIENT =
      new KubernetesSettings.Timing(
          Duration.ofMinutes(10),
          Duration.ofMinutes(5),
          KubernetesSettings.Timing.DEFAULT.leaseRetry(),
          KubernetesSettings.Timing.DEFAULT.relist());

  /** Of a replica that shares the Lease. */
  static LeaseTerms terms(String identity) {
    return terms(identity, Optional.empty());
  }

  /** Of one that runs in a pod. */
  static LeaseTerms terms(String identity, Optional<String> pod) {
    return new LeaseTerms(NAMESPACE, LEASE, identity, pod, PATIENT);
  }

  private Lease held(String holder) {
    ZonedDateTime now = ZonedDateTime.now(ZoneOffset.UTC);
    return new LeaseBuilder()
        .withNewMetadata()
        .withName(LEASE)
        .withNamespace(NAMESPACE)
        .withUid("uid")
        .withResourceVersion(Integer.toString(version))
        .endMetadata()
        .withNewSpec()
        .withHolderIdentity(holder)
        .withLeaseDurationSeconds(3600)
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

  /** A pod that there is. */
  synchronized void add(Pod pod) {
    pods.add(pod);
  }

  /** There is no Lease any more, until someone makes one; watches are not told. */
  synchronized void delete() {
    isDeleted = true;
  }

  synchronized Lease lease() {
    return lease;
  }

  /** Refuses all requests but those to watch, or responds to them again. */
  synchronized void setAway(boolean away) {
    isAway = away;
  }

  /** Delays the responses to the next requests for the Lease, or for pods. */
  synchronized void delayNextGet() {
    delay = new CountDownLatch(1);
    isOneDelayed = false;
  }

  synchronized boolean isOneDelayed() {
    return isOneDelayed;
  }

  /** Responds with the Lease as it is now. */
  synchronized void letGo() {
    if (delay != null) {
      delay.countDown();
      delay = null;
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

  private void respond(HttpExchange exchange) throws IOException {
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    if (query.contains("watch=true")) {
      watch(exchange);
    } else if (refuses()) {
      send(exchange, HttpURLConnection.HTTP_INTERNAL_ERROR, status("away"));
    } else if (exchange.getRequestMethod().equals("POST")) {
      create(exchange);
    } else if (exchange.getRequestMethod().equals("PATCH")) {
      patch(exchange);
    } else if (exchange.getRequestURI().getPath().endsWith("/lease")) {
      get(exchange);
    } else {
      list(exchange);
    }
  }

  private synchronized boolean refuses() {
    refused += isAway ? 1 : 0;
    return isAway;
  }

  /** How many requests were refused. */
  synchronized int refused() {
    return refused;
  }

  private void listPods(HttpExchange exchange) throws IOException {
    awaitLetGo();
    if (refuses()) {
      send(exchange, HttpURLConnection.HTTP_INTERNAL_ERROR, status("away"));
      return;
    }
    String list;
    synchronized (this) {
      list =
          json.asJson(new PodListBuilder().withNewMetadata().endMetadata().withItems(pods).build());
    }
    send(exchange, HttpURLConnection.HTTP_OK, list);
  }

  /** The client tries a web socket first, and takes this response for a server that knows none. */
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
    synchronized (this) {
      gets++;
    }
    awaitLetGo();
    String response;
    int code;
    synchronized (this) {
      code = isDeleted ? HttpURLConnection.HTTP_NOT_FOUND : HttpURLConnection.HTTP_OK;
      response = isDeleted ? status("no such Lease") : json.asJson(lease);
    }
    send(exchange, code, response);
  }

  private void awaitLetGo() {
    CountDownLatch delayed;
    synchronized (this) {
      delayed = delay;
      isOneDelayed |= delayed != null;
    }
    try {
      if (delayed != null) {
        delayed.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void create(HttpExchange exchange) throws IOException {
    Lease created = json.unmarshal(exchange.getRequestBody(), Lease.class);
    String response;
    int code;
    synchronized (this) {
      if (isDeleted) {
        isDeleted = false;
        version++;
        change(
            new LeaseBuilder(created)
                .editMetadata()
                .withResourceVersion(Integer.toString(version))
                .endMetadata()
                .build());
        code = HttpURLConnection.HTTP_CREATED;
        response = json.asJson(lease);
      } else {
        code = HttpURLConnection.HTTP_CONFLICT;
        response = status("there is one");
      }
    }
    send(exchange, code, response);
  }

  private void patch(HttpExchange exchange) throws IOException {
    Lease patch = json.unmarshal(exchange.getRequestBody(), Lease.class);
    String response;
    int code;
    synchronized (this) {
      String known = patch.getMetadata().getResourceVersion();
      if (isDeleted) {
        code = HttpURLConnection.HTTP_NOT_FOUND;
        response = status("no such Lease");
      } else if (known == null || known.equals(Integer.toString(version))) {
        version++;
        change(
            new LeaseBuilder(lease)
                .editMetadata()
                .withResourceVersion(Integer.toString(version))
                .addToAnnotations(patch.getMetadata().getAnnotations())
                .endMetadata()
                .withSpec(patch.getSpec() == null ? lease.getSpec() : patch.getSpec())
                .build());
        code = HttpURLConnection.HTTP_OK;
        response = json.asJson(lease);
      } else {
        code = HttpURLConnection.HTTP_CONFLICT;
        response = status("changed");
      }
    }
    send(exchange, code, response);
  }

  private String status(String message) {
    return json.asJson(new StatusBuilder().withMessage(message).build());
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
