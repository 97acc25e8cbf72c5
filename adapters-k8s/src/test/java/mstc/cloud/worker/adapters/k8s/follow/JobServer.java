package mstc.cloud.worker.adapters.k8s.follow;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventListBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ListMeta;
import io.fabric8.kubernetes.api.model.ListMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobListBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseListBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import mstc.cloud.worker.adapters.k8s.cluster.TestServers;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * As much of an API server as Jobs, their pods and events need, and a Lease that others hold, which
 * notes what it is asked.
 */
final class JobServer implements AutoCloseable {
  static final String NAMESPACE = "default";

  static final String QUEUE = "kueue.x-k8s.io/queue-name";

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final String CONTROLLER = "controller-uid";

  private final KubernetesSerialization json = new KubernetesSerialization();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;
  private final KubernetesClient client;
  private final Map<String, Job> jobs = new LinkedHashMap<>();
  private final List<Pod> pods = new ArrayList<>();
  private final List<Event> events = new ArrayList<>();
  private final List<Lease> leases = new ArrayList<>();
  private final Set<String> failing = new HashSet<>();
  private final Map<String, OutputStream> watches = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();
  private int version = 1000;
  private boolean hasQueueForAll;

  JobServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::respond);
    server.start();
    client = TestServers.client(server, threads);
  }

  KubernetesClient client() {
    return client;
  }

  /** Adds to what was asked, in its order. */
  synchronized void note(String what) {
    notes.add(what);
  }

  /** What was asked: method, kind, and the name or {@code list} or {@code watch}. */
  synchronized List<String> notes() {
    return List.copyOf(notes);
  }

  synchronized void add(Job job) {
    jobs.put(job.getMetadata().getName(), job);
  }

  synchronized Job job(String name) {
    return Objects.requireNonNull(jobs.get(name), name);
  }

  /** A Job that is there no longer, of which no watch is told. */
  synchronized void remove(Job job) {
    jobs.remove(job.getMetadata().getName());
  }

  /** A pod that there is. */
  synchronized void add(Pod pod) {
    pods.add(pod);
  }

  /** Fails whatever is noted as that, until it is mended. */
  synchronized void fail(String what) {
    failing.add(what);
  }

  synchronized void mend(String what) {
    failing.remove(what);
  }

  private synchronized boolean isFailing(String what) {
    return failing.contains(what);
  }

  /** An event that there is. */
  synchronized void add(Event event) {
    events.add(event);
  }

  /** The only Lease that there is. */
  synchronized void add(Lease lease) {
    leases.add(lease);
  }

  synchronized boolean isWatched(String kind) {
    return watches.containsKey(kind);
  }

  /** An event that there is from now on. */
  synchronized void tell(Event event) throws IOException {
    events.add(event);
    tell("events", "ADDED", event);
  }

  /** Tells whoever watches that kind, be it true or not. */
  synchronized void tell(String kind, String change, HasMetadata item) throws IOException {
    OutputStream watch = Objects.requireNonNull(watches.get(kind));
    watch.write((json.asJson(new WatchEvent(item, change)) + "\n").getBytes(UTF_8));
    watch.flush();
  }

  private void respond(HttpExchange exchange) throws IOException {
    String[] path = exchange.getRequestURI().getPath().split("/", -1);
    String kind = path[path[1].equals("api") ? 5 : 6];
    String name = path[path.length - 1];
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    boolean isWatch = query.contains("watch=true");
    if (isWatch && exchange.getRequestHeaders().containsKey("Upgrade")) {
      // The client takes this for a server that knows no web sockets.
      exchange.sendResponseHeaders(HttpURLConnection.HTTP_UNAVAILABLE, -1);
      exchange.close();
      return;
    }
    String what = name.equals(kind) ? (isWatch ? "watch" : "list") : name;
    String request = exchange.getRequestMethod() + " " + kind + " " + what;
    note(request);
    if (isFailing(request)) {
      exchange.sendResponseHeaders(HttpURLConnection.HTTP_INTERNAL_ERROR, -1);
      exchange.close();
    } else if (isWatch) {
      exchange.sendResponseHeaders(HttpURLConnection.HTTP_OK, 0);
      exchange.getResponseBody().flush();
      synchronized (this) {
        watches.put(kind, exchange.getResponseBody());
      }
    } else if (exchange.getRequestMethod().equals("PATCH")) {
      JsonNode patch = MAPPER.readTree(exchange.getRequestBody());
      Optional<String> patched = isDenied(patch) ? Optional.empty() : patched(name, patch);
      if (patched.isPresent()) {
        send(exchange, patched.get());
      } else {
        refuse(exchange, isDenied(patch));
      }
    } else if (exchange.getRequestMethod().equals("DELETE")) {
      send(exchange, json.asJson(new StatusBuilder().withStatus("Success").build()));
    } else if (kind.equals("leases") && !name.equals(kind)) {
      send(exchange, lease());
    } else {
      send(exchange, list(kind, query));
    }
  }

  /** What a merge patch makes of a Job; empty if it is for another version. */
  private synchronized Optional<String> patched(String name, JsonNode patch) {
    Job job = job(name);
    JsonNode patchedVersion = patch.path("metadata").path("resourceVersion");
    if (patchedVersion.isString()
        && !patchedVersion.stringValue().equals(job.getMetadata().getResourceVersion())) {
      return Optional.empty();
    }
    ObjectNode merged = (ObjectNode) MAPPER.readTree(json.asJson(job));
    merge(merged, (ObjectNode) patch);
    ((ObjectNode) merged.get("metadata")).put("resourceVersion", Integer.toString(++version));
    Job changed = json.unmarshal(merged.toString(), Job.class);
    jobs.put(name, changed);
    return Optional.of(json.asJson(changed));
  }

  private static void merge(ObjectNode into, ObjectNode patch) {
    patch.forEachEntry((field, value) -> {
      if (value.isNull()) {
        into.remove(field);
      } else if (value instanceof ObjectNode object && into.get(field) instanceof ObjectNode old) {
        merge(old, object);
      } else {
        into.set(field, value);
      }
    });
  }

  private static boolean leavesQueue(JsonNode patch) {
    return patch.path("metadata").path("labels").path(QUEUE).isNull();
  }

  /** As Kueue does: not at once with going on, and not at all if there is a queue for all. */
  private synchronized boolean isDenied(JsonNode patch) {
    return leavesQueue(patch) && (hasQueueForAll || patch.path("spec").path("suspend").isBoolean());
  }

  /** From now on every Job must have a queue. */
  synchronized void requireQueue() {
    hasQueueForAll = true;
  }

  private synchronized String lease() {
    return json.asJson(leases.getFirst());
  }

  private synchronized String list(String kind, String query) {
    ListMeta metadata =
        new ListMetaBuilder().withResourceVersion(Integer.toString(++version)).build();
    Object list =
        switch (kind) {
          case "jobs" ->
              new JobListBuilder()
                  .withMetadata(metadata)
                  .withItems(List.copyOf(jobs.values()))
                  .build();
          case "pods" ->
              new PodListBuilder()
                  .withMetadata(metadata)
                  .withItems(pods.stream().filter(pod -> isAsked(pod, query)).toList())
                  .build();
          case "events" ->
              new EventListBuilder()
                  .withMetadata(metadata)
                  .withItems(events.stream().filter(event -> isAsked(event, query)).toList())
                  .build();
          case "leases" ->
              new LeaseListBuilder().withMetadata(metadata).withItems(List.copyOf(leases)).build();
          default -> throw new IllegalArgumentException(kind);
        };
    return json.asJson(list);
  }

  /** Of one Job, or of them all. */
  private static boolean isAsked(Pod pod, String query) {
    return !query.contains(CONTROLLER)
        || query.contains(
            CONTROLLER + "=" + pod.getMetadata().getOwnerReferences().getFirst().getUid());
  }

  private static boolean isAsked(Event event, String query) {
    return isField(query, "involvedObject.uid", event.getInvolvedObject().getUid())
        && isField(query, "involvedObject.name", event.getInvolvedObject().getName())
        && isField(query, "reason", event.getReason());
  }

  private static boolean isField(String query, String field, @Nullable String value) {
    return !query.contains(field + "=") || query.contains(field + "=" + value);
  }

  private void refuse(HttpExchange exchange, boolean isDenied) throws IOException {
    send(
        exchange,
        isDenied ? HttpURLConnection.HTTP_FORBIDDEN : HttpURLConnection.HTTP_CONFLICT,
        json.asJson(
            new StatusBuilder()
                .withStatus("Failure")
                .withMessage(isDenied ? "a webhook denied the request" : "it has changed")
                .build()));
  }

  private static void send(HttpExchange exchange, String body) throws IOException {
    send(exchange, HttpURLConnection.HTTP_OK, body);
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  @Override
  public void close() {
    client.close();
    synchronized (this) {
      for (OutputStream watch : watches.values()) {
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
}
