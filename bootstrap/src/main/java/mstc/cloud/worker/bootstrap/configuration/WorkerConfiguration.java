package mstc.cloud.worker.bootstrap.configuration;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import mstc.cloud.worker.domain.request.RequestPolicy;

/**
 * The whole tree {@code mstc.*}, typed and within its bounds.
 *
 * @param scratchDirectory where the worker keeps what it can lose, absolute; created when missing
 * @param shutdownGrace how long a stop waits for what is in progress; 0 s to 1 h
 */
public record WorkerConfiguration(
    WorkQueueSettings workQueue,
    StoreSettings objectStore,
    RuntimeSettings runtime,
    JobSettings jobs,
    HttpSettings http,
    LoggingSettings logging,
    Path scratchDirectory,
    Duration shutdownGrace) {

  public WorkerConfiguration {
    Parameters.SHUTDOWN_GRACE.require(shutdownGrace);
  }

  /** The same with other settings of the runtime. */
  public WorkerConfiguration withRuntime(RuntimeSettings newRuntime) {
    return new WorkerConfiguration(
        workQueue, objectStore, newRuntime, jobs, http, logging, scratchDirectory, shutdownGrace);
  }

  /**
   * Where and as whom to reach RabbitMQ.
   *
   * @param port 1 to 65535
   * @param heartbeat 1 s to 1 h, whole seconds
   */
  public record WorkQueueSettings(
      String host,
      int port,
      String user,
      Secret password,
      String virtualHost,
      Duration heartbeat,
      TlsSettings tls) {

    public WorkQueueSettings {
      Parameters.WORK_QUEUE_HOST.require(host);
      Parameters.WORK_QUEUE_PORT.require(port);
      Parameters.WORK_QUEUE_USER.require(user);
      Parameters.WORK_QUEUE_VIRTUAL_HOST.require(virtualHost);
      Parameters.WORK_QUEUE_HEARTBEAT.require(heartbeat);
    }
  }

  /**
   * Whether a connection is encrypted.
   *
   * @param caCertificate a PEM file of the authorities to trust; empty trusts those of the JDK
   */
  public record TlsSettings(boolean enabled, Optional<Path> caCertificate) {}

  /** Which object store, and how to reach it. */
  public sealed interface StoreSettings permits MinioSettings, S3Settings {
    /** Whether a missing output bucket is created. */
    boolean createBuckets();

    /** The region that requests are signed for and buckets are created in. */
    Optional<String> region();
  }

  /**
   * A MinIO server.
   *
   * @param port 1 to 65535
   */
  public record MinioSettings(
      boolean createBuckets,
      Optional<String> region,
      String host,
      int port,
      TlsSettings tls,
      Credentials credentials)
      implements StoreSettings {

    public MinioSettings {
      Parameters.MINIO_HOST.require(host);
      Parameters.MINIO_PORT.require(port);
    }

    /** The server's URL, without a path. */
    public URI endpoint() {
      return httpUrl(tls.enabled() ? "https" : "http", host, port);
    }
  }

  /**
   * Amazon S3, or a server that speaks its protocol.
   *
   * @param endpoint empty for Amazon's own
   * @param pathStyle whether the bucket is part of the path rather than of the host name
   * @param credentials empty leaves finding them to the AWS SDK
   * @param caCertificate a PEM file of the authorities to trust; empty trusts those of the JDK
   */
  public record S3Settings(
      boolean createBuckets,
      Optional<String> region,
      Optional<URI> endpoint,
      boolean pathStyle,
      Optional<Credentials> credentials,
      Optional<Path> caCertificate)
      implements StoreSettings {

    public S3Settings {
      endpoint.ifPresent(Parameters.S3_ENDPOINT::require);
    }
  }

  /** An access key and its secret. */
  public record Credentials(String accessKey, Secret secretKey) {
    public Credentials {
      Parameters.S3_ACCESS_KEY.require(accessKey);
      Parameters.S3_SECRET_KEY.require(secretKey);
    }
  }

  /** Where jobs run. */
  public sealed interface RuntimeSettings permits KubernetesSettings, LocalSettings {}

  /**
   * Jobs run on a Kubernetes cluster.
   *
   * @param kubeconfig empty finds the cluster as kubectl does
   * @param lease whose holder among the replicas completes jobs
   * @param startGrace for an error that keeps a pod from starting; 0 s to 1 h
   * @param spool where logs wait for the object store, absolute; created when missing
   * @param spoolMebibytes what they may take there, 16 to 100,000,000
   * @param credentialsSecret what jobs get the store's credentials from
   * @param cpu the cores of jobs whose requests name none
   * @param memory the memory of jobs whose requests name none
   */
  public record KubernetesSettings(
      Optional<Path> kubeconfig,
      Optional<String> context,
      String namespace,
      String lease,
      Duration startGrace,
      Path spool,
      int spoolMebibytes,
      Optional<String> serviceAccount,
      SortedMap<String, String> nodeSelector,
      List<Toleration> tolerations,
      List<String> imagePullSecrets,
      Optional<String> priorityClass,
      Optional<String> queueName,
      Optional<String> cpu,
      Optional<String> memory,
      boolean restricted,
      Optional<String> credentialsSecret)
      implements RuntimeSettings {

    public KubernetesSettings {
      Parameters.KUBERNETES_NAMESPACE.require(namespace);
      Parameters.KUBERNETES_START_GRACE.require(startGrace);
      Parameters.KUBERNETES_SPOOL_MEBIBYTES.require(spoolMebibytes);
      nodeSelector = Collections.unmodifiableSortedMap(new TreeMap<>(nodeSelector));
      tolerations = List.copyOf(tolerations);
      imagePullSecrets = List.copyOf(imagePullSecrets);
    }

    /** What logs may take together on their way to the object store. */
    public long spoolBytes() {
      return spoolMebibytes * 1024L * 1024L;
    }

    /**
     * A taint that jobs tolerate.
     *
     * @param value empty where any will do
     * @param effect empty for every effect
     */
    public record Toleration(String key, Optional<String> value, Optional<String> effect) {}
  }

  /**
   * Jobs are processes of this machine.
   *
   * @param folder holds a folder for each job, absolute; created when missing
   * @param catalogue which command an image stands for; the first entry that matches counts
   * @param grace between asking a process to end and killing it; 0 s to 10 min
   */
  public record LocalSettings(Path folder, List<CatalogueEntry> catalogue, Duration grace)
      implements RuntimeSettings {

    public LocalSettings {
      catalogue = List.copyOf(catalogue);
      Parameters.LOCAL_GRACE.require(grace);
    }
  }

  /**
   * The command that runs in place of an image.
   *
   * @param image a glob over the whole image name, such as {@code *}{@code /solver:*}
   * @param command the program and its arguments, at least the program
   */
  public record CatalogueEntry(String image, List<String> command) {
    public CatalogueEntry {
      command = List.copyOf(command);
      if (image.isBlank() || command.isEmpty() || command.getFirst().isBlank()) {
        throw new IllegalArgumentException("A catalogue entry needs an image and a command.");
      }
    }
  }

  /**
   * What holds for all jobs.
   *
   * @param maxConcurrent jobs in flight at the same time; 1 to 10000
   * @param maxUnanswered jobs that have ended and are not answered, before no more requests are
   *     taken; 1 to 100000
   * @param replyPatience how long a reply is tried that its queue does not take; 0 s to 1 day
   * @param logPatience how long a log is tried that the store does not take; 0 s to 1 day
   * @param logBytes the most that one job's log may have; empty for half of the spool, and for any
   *     on the local runtime
   * @param policy what new jobs may ask for
   * @param retention how long an answered job stays visible; 0 s to 7 days
   */
  public record JobSettings(
      int maxConcurrent,
      int maxUnanswered,
      Duration replyPatience,
      Duration logPatience,
      OptionalLong logBytes,
      RequestPolicy policy,
      Duration retention,
      JobStoreAddress store) {
    public JobSettings {
      Parameters.JOBS_MAX_CONCURRENT.require(maxConcurrent);
      Parameters.JOBS_MAX_UNANSWERED.require(maxUnanswered);
      Parameters.JOBS_REPLY_PATIENCE.require(replyPatience);
      Parameters.JOBS_LOG_PATIENCE.require(logPatience);
      Parameters.JOBS_RETENTION.require(retention);
    }
  }

  /**
   * Where jobs find the object store; all empty for Amazon S3 itself.
   *
   * @param host given to jobs as {@code MINIO_SERVICE_HOST}
   * @param port given to jobs as {@code MINIO_SERVICE_PORT}
   * @param endpoint given to jobs as {@code AWS_ENDPOINT_URL}
   */
  public record JobStoreAddress(Optional<String> host, OptionalInt port, Optional<URI> endpoint) {
    static final JobStoreAddress NONE =
        new JobStoreAddress(Optional.empty(), OptionalInt.empty(), Optional.empty());

    /**
     * @param endpoint an http or https URL with a host
     */
    static JobStoreAddress of(URI endpoint) {
      return new JobStoreAddress(
          Optional.of(hostOf(endpoint)), OptionalInt.of(portOf(endpoint)), Optional.of(endpoint));
    }
  }

  /**
   * The HTTP API.
   *
   * @param host the address to listen on
   * @param port 0 to 65535; 0 takes any free one
   * @param token what lets clients run work from beyond loopback; empty lets none
   */
  public record HttpSettings(boolean enabled, String host, int port, Optional<Secret> token) {
    public HttpSettings {
      Parameters.HTTP_HOST.require(host);
      Parameters.HTTP_PORT.require(port);
    }
  }

  /** What is logged, and how it is written. */
  public record LoggingSettings(LogFormat format, LogLevel level) {}

  /** How a log line is written. */
  public enum LogFormat {
    /** For people. */
    TEXT,
    /** One JSON object a line. */
    JSON
  }

  /** The least severe level that is logged. */
  public enum LogLevel {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE
  }

  /**
   * @param host a name or an address, IPv6 without brackets
   */
  static URI httpUrl(String scheme, String host, int port) {
    String authority = host.indexOf(':') < 0 ? host : '[' + host + ']';
    return URI.create(scheme + "://" + authority + ":" + port);
  }

  /** An IPv6 address without the brackets that a URL puts around it. */
  private static String hostOf(URI httpUrl) {
    String host = httpUrl.getHost();
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private static int portOf(URI httpUrl) {
    if (httpUrl.getPort() >= 0) {
      return httpUrl.getPort();
    }
    return "https".equals(httpUrl.getScheme()) ? 443 : 80;
  }
}
