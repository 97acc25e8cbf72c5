package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.authentication.SelfSubjectReview;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributes;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributesBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.VersionInfo;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;
import mstc.cloud.worker.adapters.k8s.cluster.ClusterAccess;
import mstc.cloud.worker.adapters.k8s.cluster.ClusterClients;
import mstc.cloud.worker.domain.diagnosis.Check;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.domain.diagnosis.Finding;
import org.jspecify.annotations.Nullable;

/** Examines a cluster, from the kubeconfig to each verb of the worker's Role. */
final class ClusterDiagnosis implements Diagnosis {
  /** For each response of the API server; two fit into the time of one check. */
  private static final Duration PATIENCE = Duration.ofSeconds(4);

  private static final int OLDEST_MINOR = 31;
  private static final Pattern DIGITS = Pattern.compile("(\\d+).*");
  private static final Finding UNREACHED = new Finding.Skipped("the cluster does not respond");
  private static final Finding NO_LOGIN =
      new Finding.Skipped("the cluster does not accept the account");

  /** What jobs take from their Secret. */
  private static final List<String> SECRET_KEYS = List.of("access-key", "secret-key");

  private final KubernetesSettings settings;
  private final Function<URI, Optional<URI>> proxies;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile @Nullable ClusterClients clients;
  private volatile boolean reached;
  private volatile String account = "";

  ClusterDiagnosis(KubernetesSettings settings, Function<URI, Optional<URI>> proxies) {
    this.settings = settings;
    this.proxies = proxies;
  }

  @Override
  public List<Check> checks() {
    String namespace = settings.namespace();
    List<Check> checks =
        new ArrayList<>(
            List.of(
                new Check("cluster access", "find the kubeconfig or the pod's account", this::find),
                new Check("cluster version", "ask the API server for its version", this::version),
                new Check("cluster login", "ask the API server who this is", this::logIn),
                new Check(
                    "cluster namespace", "look at the namespace " + namespace, this::namespace)));
    for (WorkerRight right : WorkerRight.ALL) {
      String object = right.named() ? right + " " + settings.leaseName() : right.toString();
      checks.add(
          new Check(
              "cluster right to " + object,
              "ask for it in the namespace " + namespace,
              () -> right(right)));
    }
    settings
        .jobs()
        .credentialsSecret()
        .ifPresent(secret ->
            checks.add(
                new Check(
                    "cluster secret of jobs",
                    "look at the Secret %s in %s".formatted(secret, namespace),
                    () -> secret(secret))));
    return checks;
  }

  private Finding find() {
    try {
      ClusterAccess access = new ClusterAccess(settings.kubeconfig(), settings.context());
      ClusterClients opened =
          new ClusterClients(access, settings.namespace(), proxies, threads, PATIENCE);
      clients = opened;
      String context =
          Optional.ofNullable(opened.plain().getConfiguration().getCurrentContext())
              .map(named -> "context " + named.getName())
              .orElse("the pod's own account");
      return new Finding.Passed(
          "%s, %s, namespace %s"
              .formatted(context, opened.plain().getMasterUrl(), settings.namespace()));
    } catch (IllegalArgumentException e) {
      return new Finding.Failed(
          String.valueOf(e.getMessage()),
          "set mstc.runtime.kubernetes.kubeconfig or KUBECONFIG, and mstc.runtime.kubernetes.context;"
              + " without a cluster, set mstc.runtime.type to local");
    }
  }

  private Finding version() {
    Optional<KubernetesClient> client = client();
    if (client.isEmpty()) {
      return new Finding.Skipped("nothing tells how to reach a cluster");
    }
    try {
      VersionInfo version = client.get().getKubernetesVersion();
      reached = true;
      boolean supported =
          number(version.getMajor()) > 1 || number(version.getMinor()) >= OLDEST_MINOR;
      return supported
          ? new Finding.Passed(version.getGitVersion())
          : new Finding.Failed(
              "the cluster has version " + version.getGitVersion(),
              "upgrade it to 1.%d or later".formatted(OLDEST_MINOR));
    } catch (KubernetesClientException e) {
      // Who refuses is there.
      reached = e.getCode() > 0;
      return reached
          ? new Finding.Skipped(ApiErrors.message(e))
          : Unreachable.at(client.get().getMasterUrl().toString(), e);
    }
  }

  private static int number(String text) {
    Matcher digits = DIGITS.matcher(text);
    return digits.matches() ? Integer.parseInt(digits.group(1)) : 0;
  }

  private Finding logIn() {
    if (!reached) {
      return UNREACHED;
    }
    try {
      SelfSubjectReview review = client().orElseThrow().resource(new SelfSubjectReview()).create();
      account = review.getStatus().getUserInfo().getUsername();
      return new Finding.Passed(account);
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_UNAUTHORIZED) {
        return new Finding.Failed(
            ApiErrors.message(e),
            "renew the token or the certificate of the kubeconfig's user, or set"
                + " mstc.runtime.kubernetes.context to another");
      }
      account = "this account";
      return new Finding.Skipped(ApiErrors.message(e));
    }
  }

  private Finding namespace() {
    if (account.isEmpty()) {
      return reached ? NO_LOGIN : UNREACHED;
    }
    String name = settings.namespace();
    try {
      return client().orElseThrow().namespaces().withName(name).get() == null
          ? new Finding.Failed(
              "there is no namespace " + name,
              "create it, as config/service-account.yaml does, or set"
                  + " mstc.runtime.kubernetes.namespace")
          : new Finding.Passed();
    } catch (KubernetesClientException e) {
      return e.getCode() == HttpURLConnection.HTTP_FORBIDDEN
          ? new Finding.Skipped("%s may not look at namespaces, and need not".formatted(account))
          : new Finding.Failed(ApiErrors.message(e), "look at the API server's own log");
    }
  }

  private Finding right(WorkerRight right) {
    if (account.isEmpty()) {
      return reached ? NO_LOGIN : UNREACHED;
    }
    try {
      return isAllowed(right.asked(settings.namespace(), settings.leaseName()))
          ? new Finding.Passed()
          : new Finding.Failed(
              "%s may not %s in the namespace %s".formatted(account, right, settings.namespace()),
              "add the verb %s for %s to the Role of that account, as in config/service-account.yaml"
                  .formatted(right.verb(), right.resource()));
    } catch (KubernetesClientException e) {
      return new Finding.Skipped("the cluster does not tell: " + ApiErrors.message(e));
    }
  }

  private boolean isAllowed(ResourceAttributes asked) {
    SelfSubjectAccessReview review =
        new SelfSubjectAccessReviewBuilder()
            .withNewSpec()
            .withResourceAttributes(asked)
            .endSpec()
            .build();
    return Boolean.TRUE.equals(
        client()
            .orElseThrow()
            .authorization()
            .v1()
            .selfSubjectAccessReview()
            .create(review)
            .getStatus()
            .getAllowed());
  }

  private Finding secret(String name) {
    if (account.isEmpty()) {
      return reached ? NO_LOGIN : UNREACHED;
    }
    String namespace = settings.namespace();
    try {
      ResourceAttributes asked =
          new ResourceAttributesBuilder()
              .withNamespace(namespace)
              .withResource("secrets")
              .withVerb("get")
              .withName(name)
              .build();
      return isAllowed(asked)
          ? judged(
              Optional.ofNullable(
                  client().orElseThrow().secrets().inNamespace(namespace).withName(name).get()),
              name)
          : new Finding.Skipped(
              "it was not looked at, as %s may not get Secrets, and need not; kubectl describe secret %s -n %s shows whether it is there"
                  .formatted(account, name, namespace));
    } catch (KubernetesClientException e) {
      return new Finding.Skipped("the cluster does not tell: " + ApiErrors.message(e));
    }
  }

  private Finding judged(Optional<Secret> found, String name) {
    Map<String, String> data = found.map(Secret::getData).orElseGet(Map::of);
    List<String> missing = SECRET_KEYS.stream().filter(key -> !data.containsKey(key)).toList();
    if (missing.isEmpty()) {
      return new Finding.Passed();
    }
    String wanted =
        "kubectl create secret generic %s -n %s --from-literal=access-key=… --from-literal=secret-key=…"
            .formatted(name, settings.namespace());
    return new Finding.Failed(
        found.isEmpty()
            ? "there is no Secret " + name
            : "the Secret %s has no %s".formatted(name, String.join(" and no ", missing)),
        "create it (%s), or set mstc.jobs.credentials-secret".formatted(wanted));
  }

  private Optional<KubernetesClient> client() {
    return Optional.ofNullable(clients).map(ClusterClients::plain);
  }

  @Override
  public void close() {
    ClusterClients opened = clients;
    if (opened != null) {
      opened.close();
    }
    var _ = threads.shutdownNow();
  }
}
