package mstc.cloud.worker.adapters.k8s.cluster;

import io.fabric8.kubernetes.api.model.Context;
import io.fabric8.kubernetes.api.model.NamedCluster;
import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.PrintableText;

/**
 * Finds out how to reach the cluster, or says in one line why it cannot. The client's library would
 * use another context than the one asked for, or a cluster's usual name, and go on.
 */
public final class ClusterAccess {
  private static final String SETTINGS =
      "; set mstc.runtime.kubernetes.kubeconfig, or KUBECONFIG in the environment";
  private static final int MAX_REASON_LENGTH = 300;

  private final Optional<Path> kubeconfig;
  private final Optional<String> context;

  public ClusterAccess(Optional<Path> kubeconfig, Optional<String> context) {
    this.kubeconfig = kubeconfig;
    this.context = context;
  }

  /**
   * The configuration of the client, with one proxy or none. The library would read the environment
   * itself, and refuses a {@code NO_PROXY} with blanks.
   *
   * @param proxies gives the proxy of the API server's URL, unless the kubeconfig names one
   * @throws IllegalArgumentException when there is none, or it cannot be used
   */
  public Config find(Function<URI, Optional<URI>> proxies) {
    Config found = find();
    Optional<String> proxy =
        readable(() -> ownProxy(found))
            .or(() -> proxies.apply(URI.create(found.getMasterUrl())).map(URI::toString));
    found.setHttpProxy(proxy.orElse(null));
    found.setHttpsProxy(proxy.orElse(null));
    found.setNoProxy(null);
    return found;
  }

  private Config find() {
    Config found = readable(this::read);
    Optional<String> current =
        Optional.ofNullable(found.getCurrentContext()).map(NamedContext::getName);
    if (context.isPresent() && !context.equals(current)) {
      throw new IllegalArgumentException(
          "the kubeconfig %s has no context %s, but %s; set mstc.runtime.kubernetes.context"
              .formatted(place(), PrintableText.quote(context.get()), contexts(found)));
    }
    if (current.isEmpty() && found.getMasterUrl().startsWith(Config.DEFAULT_MASTER_URL)) {
      throw new IllegalArgumentException(
          found.getContexts().isEmpty()
              ? "there is no kubeconfig at %s that names a cluster, and this is no pod%s"
                  .formatted(place(), SETTINGS)
              : "the current context of the kubeconfig %s is none of its own, %s; set mstc.runtime.kubernetes.context"
                  .formatted(place(), contexts(found)));
    }
    return found;
  }

  /**
   * The result of reading the kubeconfig, which may refer to further files.
   *
   * @throws IllegalArgumentException when it cannot be used
   */
  public <T> T readable(Supplier<T> reading) {
    try {
      return reading.get();
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "the kubeconfig %s cannot be used: %s%s".formatted(place(), reason(e), SETTINGS), e);
    }
  }

  private Config read() {
    String name = context.orElse(null);
    return kubeconfig
        .map(file -> Config.fromKubeconfig(name, file.toFile()))
        .orElseGet(() -> Config.autoConfigure(name));
  }

  /** The {@code proxy-url} of the current context's cluster. */
  private Optional<String> ownProxy(Config found) {
    Optional<String> cluster =
        Optional.ofNullable(found.getCurrentContext())
            .map(NamedContext::getContext)
            .map(Context::getCluster);
    return files()
        .filter(File::isFile)
        .flatMap(file -> clusters(file).stream())
        .filter(named -> cluster.equals(Optional.ofNullable(named.getName())))
        .map(named -> Optional.ofNullable(named.getCluster().getProxyUrl()))
        .flatMap(Optional::stream)
        .filter(url -> !url.isEmpty())
        .findFirst();
  }

  private static List<NamedCluster> clusters(File kubeconfig) {
    try {
      return Optional.ofNullable(
              Serialization.unmarshal(
                  Files.readString(kubeconfig.toPath()),
                  io.fabric8.kubernetes.api.model.Config.class))
          .map(io.fabric8.kubernetes.api.model.Config::getClusters)
          .orElse(List.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Stream<File> files() {
    return kubeconfig
        .map(file -> Stream.of(file.toFile()))
        .orElseGet(() -> Config.getKubeconfigFilenames().stream().map(File::new));
  }

  private String place() {
    return kubeconfig
        .map(Path::toString)
        .orElseGet(() -> String.join(", ", Config.getKubeconfigFilenames()));
  }

  private static String contexts(Config config) {
    Collection<NamedContext> contexts = config.getContexts();
    return contexts.isEmpty()
        ? "none at all"
        : contexts.stream().map(NamedContext::getName).collect(Collectors.joining(", "));
  }

  private static String reason(RuntimeException failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return switch (cause) {
      // Thrown by the library for an empty file.
      case NullPointerException e -> "it holds nothing";
      case NoSuchFileException e -> "there is no file " + e.getFile();
      default ->
          PrintableText.oneLine(
              String.valueOf(cause.getMessage()).replaceAll("\\s+", " ").strip(),
              MAX_REASON_LENGTH);
    };
  }
}
