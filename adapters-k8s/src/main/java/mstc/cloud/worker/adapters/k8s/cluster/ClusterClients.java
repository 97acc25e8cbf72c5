package mstc.cloud.worker.adapters.k8s.cluster;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;

/** The clients of one cluster, which differ in how long they wait and how they connect. */
public final class ClusterClients implements AutoCloseable {
  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(15);

  private static final int LEASE_TIMEOUT_MILLIS = 3_000;

  private final KubernetesClient client;
  private final KubernetesClient quickClient;
  private final KubernetesClient pinningClient;

  /**
   * Clients that do not connect before they are used.
   *
   * @param proxies gives the proxy of the API server's URL
   * @throws IllegalArgumentException when nothing tells how the cluster is reached
   */
  public ClusterClients(
      ClusterAccess access,
      String namespace,
      Function<URI, Optional<URI>> proxies,
      Executor threads) {
    this(access, namespace, proxies, threads, REQUEST_TIMEOUT);
  }

  /**
   * As above, with another time that a request may take.
   *
   * @throws IllegalArgumentException when nothing tells how the cluster is reached
   */
  public ClusterClients(
      ClusterAccess access,
      String namespace,
      Function<URI, Optional<URI>> proxies,
      Executor threads,
      Duration requestTimeout) {
    Config config = configuration(access, namespace, proxies, requestTimeout);
    Config pinning = configuration(access, namespace, proxies, requestTimeout);
    pinning.setHttp2Disable(false);
    this.client = access.readable(() -> client(config, threads));
    RequestConfig quick =
        new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
            .withRequestTimeout(LEASE_TIMEOUT_MILLIS)
            .build();
    this.quickClient = client.newClient(quick).adapt(KubernetesClient.class);
    this.pinningClient = client(pinning, threads);
  }

  /**
   * What the access tells, with how long the clients wait. A builder would read the environment
   * once more, for all that is empty here: such as the proxy, where there is to be none.
   */
  private static Config configuration(
      ClusterAccess access,
      String namespace,
      Function<URI, Optional<URI>> proxies,
      Duration requestTimeout) {
    Config config = access.find(proxies);
    config.setNamespace(namespace);
    config.setConnectionTimeout(CONNECT_TIMEOUT_MILLIS);
    config.setRequestTimeout((int) requestTimeout.toMillis());
    // The port's caller retries; and a create that the client retried could not be told from
    // another's.
    config.setRequestRetryBackoffLimit(0);
    // All the logs that are followed would be too much for one shared connection.
    config.setHttp2Disable(true);
    return config;
  }

  private static KubernetesClient client(Config config, Executor threads) {
    boolean direct = config.getHttpProxy() == null;
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withHttpClientFactory(direct ? new DirectHttpClientFactory() : new JdkHttpClientFactory())
        .withTaskExecutor(threads)
        .build();
  }

  /** Else the JDK would look for a proxy by itself, in Java's system properties. */
  private static final class DirectHttpClientFactory extends JdkHttpClientFactory {
    @Override
    protected void additionalConfig(HttpClient.Builder builder) {
      builder.proxy(HttpClient.Builder.NO_PROXY);
    }
  }

  /** For everything that the others are not for. */
  public KubernetesClient plain() {
    return client;
  }

  /** For the Lease: its calls give up before another can hold the Lease. */
  public KubernetesClient quick() {
    return quickClient;
  }

  /** For streams that are left unread: it speaks HTTP/2. */
  public KubernetesClient pinning() {
    return pinningClient;
  }

  @Override
  public void close() {
    client.close();
    pinningClient.close();
  }
}
