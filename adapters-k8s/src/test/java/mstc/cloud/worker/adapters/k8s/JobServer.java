package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventListBuilder;
import io.fabric8.kubernetes.api.model.ListMeta;
import io.fabric8.kubernetes.api.model.ListMetaBuilder;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobListBuilder;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** As much of an API server as Jobs, their pods and events need, which notes what it is asked. */
final class JobServer implements AutoCloseable {
  static final String NAMESPACE = "default";

  private final KubernetesSerialization json = new KubernetesSerialization();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;
  private final KubernetesClient client;
  private final Map<String, Job> jobs = new LinkedHashMap<>();
  private final List<Event> events = new ArrayList<>();
  private final Map<String, OutputStream> watches = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();
  private int version = 1000;

  JobServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
    client =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder()
                    .withAutoConfigure(false)
                    .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                    .withRequestRetryBackoffLimit(0)
                    .withHttp2Disable(true)
                    .build())
            .withTaskExecutor(threads)
            .build();
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

  /** An event that there is. */
  synchronized void add(Event event) {
    events.add(event);
  }

  synchronized boolean isWatched(String kind) {
    return watches.containsKey(kind);
  }

  /** An event that there is from now on. */
  synchronized void tell(Event event) throws IOException {
    events.add(event);
    OutputStream watch = Objects.requireNonNull(watches.get("events"));
    watch.write((json.asJson(new WatchEvent(event, "ADDED")) + "\n").getBytes(UTF_8));
    watch.flush();
  }

  private void answer(HttpExchange exchange) throws IOException {
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
    note(exchange.getRequestMethod() + " " + kind + " " + what);
    if (isWatch) {
      exchange.sendResponseHeaders(HttpURLConnection.HTTP_OK, 0);
      exchange.getResponseBody().flush();
      synchronized (this) {
        watches.put(kind, exchange.getResponseBody());
      }
    } else if (exchange.getRequestMethod().equals("PATCH")) {
      send(exchange, patched(name, json.unmarshal(exchange.getRequestBody(), Job.class)));
    } else if (exchange.getRequestMethod().equals("DELETE")) {
      send(exchange, json.asJson(new StatusBuilder().withStatus("Success").build()));
    } else {
      send(exchange, list(kind, query));
    }
  }

  private synchronized String patched(String name, Job patch) {
    Job job = job(name);
    Job changed =
        new JobBuilder(job)
            .editMetadata()
            .withResourceVersion(Integer.toString(++version))
            .addToAnnotations(patch.getMetadata().getAnnotations())
            .endMetadata()
            .editSpec()
            .withActiveDeadlineSeconds(patch.getSpec().getActiveDeadlineSeconds())
            .endSpec()
            .build();
    jobs.put(name, changed);
    return json.asJson(changed);
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
          case "pods" -> new PodListBuilder().withMetadata(metadata).build();
          case "events" ->
              new EventListBuilder()
                  .withMetadata(metadata)
                  .withItems(events.stream().filter(event -> isAsked(event, query)).toList())
                  .build();
          default -> throw new IllegalArgumentException(kind);
        };
    return json.asJson(list);
  }

  private static boolean isAsked(Event event, String query) {
    return !query.contains("involvedObject.uid=")
        || query.contains("involvedObject.uid=" + event.getInvolvedObject().getUid());
  }

  private static void send(HttpExchange exchange, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(HttpURLConnection.HTTP_OK, bytes.length);
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
