package mstc.cloud.worker.bootstrap.configuration;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import mstc.cloud.worker.domain.PrintableText;

/**
 * Reads variables into values by key. What cannot be meant for this worker is left out with a
 * warning, as the environment is not the worker's alone.
 */
final class EnvironmentVariables {
  /**
   * Kubernetes gives pods {@code <SERVICE>_PORT=tcp://10.0.0.1:5672} for every service. For a
   * service named {@code mstc-work-queue}, that is a name of ours.
   *
   * @see <a
   *     href="https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables">Environment
   *     variables of services</a>
   */
  private static final Pattern SERVICE_LINK_VALUE = Pattern.compile("(?:tcp|udp|sctp)://\\S+");

  private static final Pattern SERVICE_LINK_NAME =
      Pattern.compile(
          ".+_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?"
              + "|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)");

  /** For clients of a worker, here and in Python, which read no configuration of it. */
  private static final Set<String> OF_CLIENTS = Set.of("MSTC_URL", "MSTC_TOKEN", "MSTC_BUCKET");

  private final Map<String, String> environment;
  private final List<String> warnings;
  private final KnownKeys keys;
  private final List<String> serviceLinks = new ArrayList<>();

  private EnvironmentVariables(
      Map<String, String> environment, List<String> warnings, KnownKeys keys) {
    this.environment = new TreeMap<>(environment);
    this.warnings = warnings;
    this.keys = keys;
  }

  /**
   * @param warnings takes a line for everything that was left out
   */
  static Map<String, GivenValue> read(
      Map<String, String> environment, List<String> warnings, KnownKeys keys) {
    EnvironmentVariables reading = new EnvironmentVariables(environment, warnings, keys);
    Map<String, GivenValue> values = new HashMap<>();
    Set<String> names = new HashSet<>();
    for (Key<?> key : keys.all()) {
      names.add(key.variable());
      reading
          .value(key.variable())
          .or(() -> key.firstVersionVariable().flatMap(reading::value))
          .ifPresent(value -> values.put(key.name(), value));
    }
    reading.warnOfUnknown(names);
    reading.warnOfServiceLinks();
    return values;
  }

  private Optional<GivenValue> value(String variable) {
    String text = environment.getOrDefault(variable, "");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (isServiceLink(variable)) {
      serviceLinks.add(variable);
      return Optional.empty();
    }
    return Optional.of(new GivenValue.Text(text, Origin.variable(variable)));
  }

  private void warnOfUnknown(Set<String> known) {
    for (String variable : environment.keySet()) {
      if (!keys.ownsVariable(variable)
          || known.contains(variable)
          || OF_CLIENTS.contains(variable)) {
        continue;
      }
      if (isServiceLink(variable)) {
        serviceLinks.add(variable);
      } else {
        warnings.add(
            "variable %s is ignored: no key has this name%s"
                .formatted(
                    PrintableText.oneLine(variable, 120), keys.variableSuggestionFor(variable)));
      }
    }
  }

  /** MINIO_SERVICE_PORT looks like one, but is also a variable that we read on purpose. */
  private boolean isServiceLink(String variable) {
    boolean holdsLink =
        SERVICE_LINK_VALUE.matcher(environment.getOrDefault(variable, "")).matches();
    return (variable.endsWith("_PORT") && holdsLink)
        || (keys.ownsVariable(variable) && SERVICE_LINK_NAME.matcher(variable).matches());
  }

  private void warnOfServiceLinks() {
    if (!serviceLinks.isEmpty()) {
      warnings.add(
          "ignored as links to Kubernetes services: %s (enableServiceLinks: false in the pod's spec"
                  .formatted(String.join(", ", serviceLinks))
              + " turns them off)");
    }
  }
}
