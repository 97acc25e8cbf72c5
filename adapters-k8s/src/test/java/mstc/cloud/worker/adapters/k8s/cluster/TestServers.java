package mstc.cloud.worker.adapters.k8s.cluster;

import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.time.Duration;
import java.util.concurrent.ExecutorService;

/** Servers on loopback that a test puts in the place of a cluster's. */
public final class TestServers {
  /** The client library's own. */
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);

  private TestServers() {}

  /** A client of that server, which repeats nothing. */
  public static KubernetesClient client(HttpServer server, ExecutorService threads) {
    return client(server, threads, REQUEST_TIMEOUT);
  }

  /** The same, with another time limit for a request. */
  public static KubernetesClient client(
      HttpServer server, ExecutorService threads, Duration requestTimeout) {
    return new KubernetesClientBuilder()
        .withConfig(
            new ConfigBuilder()
                .withAutoConfigure(false)
                .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                .withRequestTimeout((int) requestTimeout.toMillis())
                .withRequestRetryBackoffLimit(0)
                .withHttp2Disable(true)
                .build())
        .withTaskExecutor(threads)
        .build();
  }
}
