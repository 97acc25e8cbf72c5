package mstc.cloud.worker.bootstrap.settings;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings.Toleration;
import mstc.cloud.worker.bootstrap.configuration.ValueType.Printer;
import mstc.cloud.worker.bootstrap.configuration.ValueType.Scalar;
import mstc.cloud.worker.bootstrap.configuration.ValueTypes;
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.request.Resources;

/**
 * The kinds of values that describe Kubernetes objects, as kubectl writes them.
 *
 * @see <a href="https://kubernetes.io/docs/concepts/overview/working-with-objects/names/">Names</a>
 */
final class KubernetesTypes {
  private static final String LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  private static final Pattern DNS_SUBDOMAIN =
      Pattern.compile("(?=.{1,253}$)%1$s(\\.%1$s)*".formatted(LABEL));
  private static final String KEY =
      "([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?";
  private static final String VALUE = "([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?";
  private static final Pattern LABEL_PAIR =
      Pattern.compile("(?<key>%s)=(?<value>%s)".formatted(KEY, VALUE));
  private static final Pattern ANNOTATION_PAIR =
      Pattern.compile("(?<key>%s)=(?<value>\\P{Cc}*)".formatted(KEY));
  private static final Pattern TAINT =
      Pattern.compile(
          "(?<key>%s)(=(?<value>%s))?(:(?<effect>NoSchedule|PreferNoSchedule|NoExecute))?"
              .formatted(KEY, VALUE));

  static final Scalar<String> DNS_LABEL =
      ValueTypes.text("a DNS label: at most 63 of a-z, 0-9 and '-'", value -> value.matches(LABEL));

  static final Scalar<String> DNS_NAME =
      ValueTypes.text(
          "a name of a-z, 0-9, '-' and '.'", value -> DNS_SUBDOMAIN.matcher(value).matches());

  static final Scalar<List<String>> NAMES =
      new Scalar<>(
          "names of a-z, 0-9, '-' and '.', separated by commas",
          KubernetesTypes::names,
          value -> true,
          Printer.plain(names -> String.join(",", names)));

  static final Scalar<SortedMap<String, String>> LABELS =
      pairs("labels such as disk=ssd,zone=a", LABEL_PAIR);

  static final Scalar<SortedMap<String, String>> ANNOTATIONS =
      pairs(
          "annotations such as example.com/queue=batch,example.com/note=from CI, without a comma in"
              + " a value",
          ANNOTATION_PAIR);

  static final Scalar<List<Toleration>> TOLERATIONS =
      new Scalar<>(
          "taints such as gpu=true:NoSchedule,dedicated:NoExecute",
          KubernetesTypes::tolerations,
          value -> true,
          Printer.plain(tolerations ->
              tolerations.stream().map(KubernetesTypes::print).collect(Collectors.joining(","))));

  static final Scalar<String> CPU =
      ValueTypes.text(
          "cores such as 2, 0.5 or 500m",
          value -> isResource(Optional.of(value), Optional.empty()));

  static final Scalar<String> MEMORY =
      ValueTypes.text(
          "bytes such as 512Mi or 2G, at least " + Resources.LEAST_MEMORY,
          value -> isResource(Optional.empty(), Optional.of(value)));

  private KubernetesTypes() {}

  /** The whole bytes in a quantity of {@link #MEMORY}. */
  static long bytes(String memory) {
    return new Resources(Optional.empty(), Optional.of(memory), OptionalInt.empty())
        .memoryBytes()
        .orElseThrow()
        .longValue();
  }

  private static boolean isResource(Optional<String> cpu, Optional<String> memory) {
    try {
      return new Resources(cpu, memory, OptionalInt.empty()).isEnoughMemoryToStart();
    } catch (InvalidValueException e) {
      return false;
    }
  }

  private static List<String> parts(String text) {
    return Arrays.stream(text.split(",", -1))
        .map(String::strip)
        .filter(part -> !part.isEmpty())
        .toList();
  }

  private static Optional<List<String>> names(String text) {
    List<String> names = parts(text);
    return names.stream().allMatch(name -> DNS_SUBDOMAIN.matcher(name).matches())
        ? Optional.of(names)
        : Optional.empty();
  }

  private static Scalar<SortedMap<String, String>> pairs(String allowed, Pattern pair) {
    return new Scalar<>(
        allowed,
        text -> pairsIn(text, pair),
        value -> true,
        Printer.plain(pairs ->
            pairs.entrySet().stream()
                .map(each -> each.getKey() + "=" + each.getValue())
                .collect(Collectors.joining(","))));
  }

  private static Optional<SortedMap<String, String>> pairsIn(String text, Pattern pattern) {
    SortedMap<String, String> pairs = new TreeMap<>();
    for (String part : parts(text)) {
      Matcher pair = pattern.matcher(part);
      if (!pair.matches()) {
        return Optional.empty();
      }
      pairs.put(pair.group("key"), pair.group("value"));
    }
    return Optional.of(Collections.unmodifiableSortedMap(pairs));
  }

  private static Optional<List<Toleration>> tolerations(String text) {
    List<Toleration> tolerations = new ArrayList<>();
    for (String part : parts(text)) {
      Matcher taint = TAINT.matcher(part);
      if (!taint.matches()) {
        return Optional.empty();
      }
      tolerations.add(
          new Toleration(
              taint.group("key"),
              Optional.ofNullable(taint.group("value")),
              Optional.ofNullable(taint.group("effect"))));
    }
    return Optional.of(List.copyOf(tolerations));
  }

  private static String print(Toleration toleration) {
    return toleration.key()
        + toleration.value().map(value -> "=" + value).orElse("")
        + toleration.effect().map(effect -> ":" + effect).orElse("");
  }
}
