package mstc.cloud.worker.standalone;

import static java.util.function.Predicate.not;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.TestCluster;
import mstc.cloud.worker.adapters.minio.MinioObjectStore;
import mstc.cloud.worker.adapters.minio.MinioSettings;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.embedded.BrokerSettings;
import mstc.cloud.worker.embedded.EmbeddedBroker;
import mstc.cloud.worker.embedded.EmbeddedObjectStore;
import mstc.cloud.worker.embedded.ObjectStoreSettings;
import mstc.cloud.worker.faults.service.WorkerProcess;

/**
 * Workers on a namespace of a real cluster, each in a process of its own with the rights of the
 * service account, and the broker, the store and the client around them.
 */
final class ClusterWorker implements AutoCloseable {
  private final Path folder;
  private final TestCluster cluster;
  private final Optional<EmbeddedBroker> broker;
  private final int brokerPort;
  private final EmbeddedObjectStore objects;
  private final ObjectStore store;
  private final RawClient client;
  private final List<WorkerProcess> replicas = new ArrayList<>();

  ClusterWorker(Path folder) throws IOException, TimeoutException {
    this(
        folder,
        Optional.of(
            EmbeddedBroker.start(
                new BrokerSettings("127.0.0.1", 0, "guest", "guest", Optional.empty()))),
        0);
  }

  /** With a broker that is not its own. */
  ClusterWorker(Path folder, int brokerPort) throws IOException, TimeoutException {
    this(folder, Optional.empty(), brokerPort);
  }

  private ClusterWorker(Path folder, Optional<EmbeddedBroker> broker, int otherBrokerPort)
      throws IOException, TimeoutException {
    this.folder = folder;
    this.broker = broker;
    brokerPort = broker.map(EmbeddedBroker::port).orElse(otherBrokerPort);
    cluster = TestCluster.open(folder);
    objects =
        EmbeddedObjectStore.start(
            new ObjectStoreSettings(
                "127.0.0.1", 0, "minioadmin", "minioadmin", folder.resolve("objects")));
    store = new MinioObjectStore(MinioSettings.of(objects.endpoint(), "minioadmin", "minioadmin"));
    client = client("test.replies");
  }

  /**
   * Lets the store refuse every object with the prefix {@code name/}: a file is where their folder
   * would be. The bucket is created.
   */
  void refuseObjectsBelow(BucketName bucket, String name) throws IOException {
    Path empty = Files.createFile(folder.resolve(name));
    store.put(new ObjectLocation(bucket, name), empty, ObjectAttributes.ofType("text/plain"));
    Files.createFile(folder.resolve(Path.of("objects", "buckets", bucket.value(), name + "%")));
  }

  /** Starts one more worker; it may not be ready yet. */
  WorkerProcess start(String... settings) throws IOException {
    return start(cluster.kubeconfig(), settings);
  }

  WorkerProcess start(Path kubeconfig, String... settings) throws IOException {
    String number = Integer.toString(replicas.size());
    Map<String, String> environment =
        new TreeMap<>(
            Map.of(
                "KUBECONFIG", kubeconfig.toString(),
                "WORK_QUEUE_PORT", Integer.toString(brokerPort),
                "MINIO_SERVICE_PORT", Integer.toString(objects.endpoint().getPort()),
                "MSTC_RUNTIME_KUBERNETES_NAMESPACE", cluster.namespace(),
                "SCRATCH_DIR", folder.resolve("scratch-" + number).toString()));
    List<String> arguments = new ArrayList<>(List.of("worker"));
    Stream.of(settings).forEach(setting -> arguments.addAll(List.of("--set", setting)));
    WorkerProcess replica =
        new WorkerProcess(
            folder.resolve("worker-" + number + ".log"),
            List.of("-Xmx256m"),
            arguments,
            environment);
    replicas.add(replica);
    return replica;
  }

  /**
   * Starts a worker of at most 1,000 jobs in flight, which run on the cluster's simulated node; the
   * test is skipped where there is none.
   */
  WorkerProcess startOnSimulatedNode() throws IOException {
    assumeTrue(
        !admin().nodes().withLabel("type", "kwok").list().getItems().isEmpty(),
        "the cluster has no simulated node (KWOK, label type=kwok) for thousands of pods");
    return start(
        "mstc.jobs.max-concurrent=1000",
        "mstc.runtime.kubernetes.node-selector=type=kwok",
        "mstc.runtime.kubernetes.tolerations=kwok.x-k8s.io/node=fake:NoSchedule");
  }

  /** Each of the requests has one reply: a success with its whole log. */
  void assertOneSuccessEach(List<String> ids) {
    assertThat(ids.stream().map(client::replies).filter(not(ClusterWorker::isOneSuccess)))
        .as("requests with more than one reply, or one that is no success with its whole log")
        .isEmpty();
  }

  private static boolean isOneSuccess(List<Reply> replies) {
    return replies.size() == 1
        && replies.getFirst().outcome() == JobOutcome.Kind.SUCCEEDED
        && replies.getFirst().log().orElseThrow().complete();
  }

  /** A way to the cluster that sees the requests, as it is spoken to without TLS. */
  TcpProxy openProxy() throws IOException, GeneralSecurityException {
    byte[] authority = Base64.getDecoder().decode(admin().getConfiguration().getCaCertData());
    return TcpProxy.toTls(URI.create(admin().getMasterUrl().toString()), authority);
  }

  /** How a worker reaches the cluster by that way. */
  Path kubeconfigThrough(TcpProxy proxy) throws IOException {
    return Files.writeString(
        folder.resolve("through-" + proxy.port()),
        Files.readString(cluster.kubeconfig())
            .replaceAll("server: .*", "server: http://127.0.0.1:" + proxy.port())
            .replaceAll("certificate-authority-data: .*", ""));
  }

  /** A way to the broker that can be cut; a worker takes it by {@link #brokerThrough}. */
  TcpProxy openBrokerProxy() throws IOException {
    return new TcpProxy(URI.create("amqp://127.0.0.1:" + brokerPort));
  }

  /** A way to the store that sees the requests; a worker takes it by {@link #storeThrough}. */
  TcpProxy openStoreProxy() throws IOException {
    return new TcpProxy(objects.endpoint());
  }

  /** The setting of a worker that reaches the store by that way. */
  static String storeThrough(TcpProxy proxy) {
    return "mstc.object-store.minio.port=" + proxy.port();
  }

  /** The setting of a worker that reaches the broker by that way. */
  static String brokerThrough(TcpProxy proxy) {
    return "mstc.work-queue.port=" + proxy.port();
  }

  /** A request that runs a script, with further fields. */
  static String request(String jobName, String script, String... fields) {
    String more = Stream.of(fields).map(field -> ", " + field).collect(Collectors.joining());
    return """
    {"image": "%s", "jobName": "%s", "inputBucket": "scenarios", "command": ["sh", "-c", "%s"]%s}
    """
        .formatted(
            TestCluster.image(),
            jobName,
            script.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"),
            more);
  }

  RawClient client() {
    return client;
  }

  /** One more client, with a reply queue of its own. */
  RawClient client(String replyQueue) throws IOException, TimeoutException {
    return new RawClient("127.0.0.1", brokerPort, replyQueue);
  }

  /** A client's reply queue that takes nothing until it is released. */
  HeldReplyQueue holdReplyQueue(String name) throws IOException, TimeoutException {
    return new HeldReplyQueue(brokerPort, name);
  }

  TestCluster cluster() {
    return cluster;
  }

  KubernetesClient admin() {
    return cluster.admin();
  }

  List<Job> jobs() {
    return admin().batch().v1().jobs().inNamespace(cluster.namespace()).list().getItems();
  }

  /** The Jobs of requests of that job name. */
  List<Job> jobs(String jobName) {
    return admin()
        .batch()
        .v1()
        .jobs()
        .inNamespace(cluster.namespace())
        .withLabel("app.kubernetes.io/name", jobName)
        .list()
        .getItems();
  }

  List<Pod> pods(String jobName) {
    return admin()
        .pods()
        .inNamespace(cluster.namespace())
        .withLabel("app.kubernetes.io/name", jobName)
        .list()
        .getItems();
  }

  /** The names of all pods that run. */
  List<String> runningPods() {
    return admin().pods().inNamespace(cluster.namespace()).list().getItems().stream()
        .filter(ClusterWorker::isRunning)
        .map(pod -> pod.getMetadata().getName())
        .toList();
  }

  /** Waits for the pod of a job that runs, and returns it. */
  Pod awaitRunning(String jobName) {
    await()
        .alias("a running pod of " + jobName)
        .atMost(Duration.ofMinutes(3))
        .until(() -> pods(jobName).stream().anyMatch(ClusterWorker::isRunning));
    return pods(jobName).stream().filter(ClusterWorker::isRunning).findFirst().orElseThrow();
  }

  /**
   * Waits until a worker has read something of a log, and has noted from where to go on. Of one
   * that dies before nobody knows whether more was written before its first line.
   */
  void awaitMarkedLog() {
    await().alias("a marked log").atMost(Duration.ofMinutes(3)).until(this::hasMarkedLog);
  }

  boolean hasMarkedLog() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.anyMatch(file -> file.toString().endsWith(".log.mark"));
    } catch (UncheckedIOException e) {
      // Something was removed while it was looked at.
      return false;
    }
  }

  static boolean isRunning(Pod pod) {
    return "Running".equals(pod.getStatus().getPhase());
  }

  ObjectStore store() {
    return store;
  }

  /** The bytes of the log that a reply tells of. */
  byte[] log(Reply reply) throws IOException {
    StoredLog log = reply.log().orElseThrow();
    try (InputStream in = store.read(log.location()).orElseThrow()) {
      return in.readAllBytes();
    }
  }

  String text(Reply reply) throws IOException {
    return new String(log(reply), StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws InterruptedException {
    for (WorkerProcess replica : replicas) {
      replica.close();
    }
    client.close();
    store.close();
    objects.close();
    broker.ifPresent(EmbeddedBroker::close);
    cluster.close();
  }
}
