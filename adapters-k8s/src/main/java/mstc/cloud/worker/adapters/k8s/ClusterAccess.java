package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.Config;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.PrintableText;

/**
 * Finds out how the cluster is reached, and says in one line what keeps it from that. The client's
 * library would take another context than the one asked for, or a cluster's usual name, and go on.
 */
final class ClusterAccess {
  private static final String SETTINGS =
      "; set mstc.runtime.kubernetes.kubeconfig, or KUBECONFIG in the environment";
  private static final int MAX_REASON_LENGTH = 300;

  private final Optional<Path> kubeconfig;
  private final Optional<String> context;

  ClusterAccess(Optional<Path> kubeconfig, Optional<String> context) {
    this.kubeconfig = kubeconfig;
    this.context = context;
  }

  /**
   * The configuration of the client.
   *
   * @throws IllegalArgumentException when there is none, or it cannot be used
   */
  Config find() {
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
   * What is made of the kubeconfig, which may lead to further files.
   *
   * @throws IllegalArgumentException when it cannot be used
   */
  <T> T readable(Supplier<T> reading) {
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
      // The library's own, of a file without content.
      case NullPointerException e -> "it holds nothing";
      case NoSuchFileException e -> "there is no file " + e.getFile();
      default ->
          PrintableText.oneLine(
              String.valueOf(cause.getMessage()).replaceAll("\\s+", " ").strip(),
              MAX_REASON_LENGTH);
    };
  }
}
