package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramSocket;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A webhook of this process that the cluster asks about each pod of one namespace, as meshes and
 * injectors have: it changes pods, denies them, or is not to be reached.
 */
public final class InjectingWebhook implements AutoCloseable {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final char[] PASSWORD = "changeit".toCharArray();
  private static final int DISCARD_PORT = 9;

  private final TestCluster cluster;
  private final InetAddress address;
  private final KeyStore keys;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final String configuration;
  private HttpsServer server;
  private volatile String patch = "[]";
  private final Map<String, String> patches = new ConcurrentHashMap<>();
  private volatile String denial = "";
  private volatile boolean isAsked;

  /** Is asked from now on. */
  public InjectingWebhook(TestCluster cluster, Path folder) throws Exception {
    this.cluster = cluster;
    this.address = addressSeenFrom(URI.create(cluster.admin().getConfiguration().getMasterUrl()));
    this.keys = selfSigned(address, folder.resolve("webhook-" + cluster.namespace() + ".p12"));
    this.server = listening(0);
    this.configuration = configuration();
    cluster.admin().load(stream(configuration)).create();
    await().ignoreExceptions().atMost(Duration.ofMinutes(1)).until(this::isAskedAboutAPod);
  }

  /** An API server sees a new configuration a moment later. */
  private boolean isAskedAboutAPod() {
    var _ =
        cluster
            .admin()
            .pods()
            .inNamespace(cluster.namespace())
            .resource(
                new PodBuilder()
                    .withNewMetadata()
                    .withName("asked")
                    .endMetadata()
                    .withNewSpec()
                    .addNewContainer()
                    .withName("none")
                    .withImage("none")
                    .endContainer()
                    .endSpec()
                    .build())
            .dryRun()
            .create();
    return isAsked;
  }

  /** The address of this machine on the way to the API server. */
  private static InetAddress addressSeenFrom(URI apiServer) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(new InetSocketAddress(apiServer.getHost(), DISCARD_PORT));
      return socket.getLocalAddress();
    }
  }

  private static KeyStore selfSigned(InetAddress address, Path file) throws Exception {
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "webhook",
                "-keyalg",
                "EC",
                "-dname",
                "CN=webhook",
                "-ext",
                "san=ip:" + address.getHostAddress(),
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                new String(PASSWORD))
            .redirectErrorStream(true)
            .start();
    String words = new String(keytool.getInputStream().readAllBytes(), UTF_8);
    if (keytool.waitFor() != 0) {
      throw new IOException(words);
    }
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD);
    }
    return keys;
  }

  private HttpsServer listening(int port) throws IOException, GeneralSecurityException {
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keys, PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(factory.getKeyManagers(), null, null);
    HttpsServer listening = HttpsServer.create(new InetSocketAddress(address, port), 0);
    listening.setHttpsConfigurator(new HttpsConfigurator(context));
    listening.setExecutor(threads);
    listening.createContext("/", this::respond);
    listening.start();
    return listening;
  }

  private String configuration() throws GeneralSecurityException {
    String certificate =
        "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
            .formatted(
                Base64.getMimeEncoder(64, new byte[] {'\n'})
                    .encodeToString(keys.getCertificate("webhook").getEncoded()));
    return """
    apiVersion: admissionregistration.k8s.io/v1
    kind: MutatingWebhookConfiguration
    metadata: {name: %1$s}
    webhooks:
      - name: inject.mstc.test
        admissionReviewVersions: [v1]
        sideEffects: None
        failurePolicy: Fail
        timeoutSeconds: 5
        namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %1$s}}
        rules: [{apiGroups: [""], apiVersions: [v1], resources: [pods], operations: [CREATE]}]
        clientConfig: {url: "https://%2$s:%3$d/", caBundle: %4$s}
    """
        .formatted(
            cluster.namespace(),
            address.getHostAddress(),
            server.getAddress().getPort(),
            Base64.getEncoder().encodeToString(certificate.getBytes(UTF_8)));
  }

  private static InputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(UTF_8));
  }

  /** Puts that container before the job's in the list. */
  void injectFirst(String container) {
    patch = first(container);
  }

  /** The same for jobs of that name, whatever becomes of others. */
  public void injectFirst(String jobName, String container) {
    patches.put(jobName, first(container));
  }

  private static String first(String container) {
    return "[{\"op\": \"add\", \"path\": \"/spec/containers/0\", \"value\": %s}]"
        .formatted(container);
  }

  /** Lets that container run before the job's. */
  void injectBefore(String container) {
    patch = before(container);
  }

  /** The same for jobs of that name, whatever becomes of others. */
  public void injectBefore(String jobName, String container) {
    patches.put(jobName, before(container));
  }

  private static String before(String container) {
    return "[{\"op\": \"add\", \"path\": \"/spec/initContainers\", \"value\": [%s]}]"
        .formatted(container);
  }

  /** Changes pods in that way. */
  void change(String jsonPatch) {
    patch = jsonPatch;
  }

  void deny(String reason) {
    denial = reason;
  }

  /** Cannot be reached from now on. */
  void stop() {
    server.stop(0);
  }

  /** Can be reached again, where it was. */
  void start() throws IOException, GeneralSecurityException {
    server = listening(server.getAddress().getPort());
  }

  private void respond(HttpExchange exchange) throws IOException {
    isAsked = true;
    JsonNode review = MAPPER.readTree(exchange.getRequestBody().readAllBytes());
    ObjectNode reviewed = MAPPER.createObjectNode();
    reviewed.put("apiVersion", "admission.k8s.io/v1").put("kind", "AdmissionReview");
    ObjectNode response = reviewed.putObject("response");
    response.put("uid", review.get("request").get("uid").asString());
    response.put("allowed", denial.isEmpty());
    if (denial.isEmpty()) {
      response.put("patchType", "JSONPatch");
      String jobName =
          review.at("/request/object/metadata/labels/app.kubernetes.io~1name").asString("");
      String change = patches.getOrDefault(jobName, patch);
      response.put("patch", Base64.getEncoder().encodeToString(change.getBytes(UTF_8)));
    } else {
      response.putObject("status").put("message", denial);
    }
    byte[] bytes = MAPPER.writeValueAsBytes(reviewed);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(HttpURLConnection.HTTP_OK, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  @Override
  public void close() {
    cluster.admin().load(stream(configuration)).delete();
    server.stop(0);
    threads.shutdownNow();
  }
}
