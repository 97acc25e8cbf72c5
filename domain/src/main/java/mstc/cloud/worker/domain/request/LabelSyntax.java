package mstc.cloud.worker.domain.request;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a request may set as a label of its job. Labels follow Kubernetes' syntax, which container
 * runtimes share; a runtime without labels accepts them and ignores them.
 *
 * @see <a
 *     href="https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set">Labels</a>
 */
final class LabelSyntax {
  private static final String SEGMENT = "[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?";
  private static final Pattern NAME = Pattern.compile(SEGMENT);
  private static final Pattern VALUE = Pattern.compile("(" + SEGMENT + ")?");
  private static final String DNS_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  private static final Pattern DNS_SUBDOMAIN =
      Pattern.compile("(?=.{1,253}$)%1$s(\\.%1$s)*".formatted(DNS_LABEL));

  /**
   * Domains whose labels Kubernetes or the worker sets, and old labels of Kubernetes without a
   * domain.
   */
  private static final Set<String> RESERVED =
      Set.of("mstc", "kubernetes.io", "k8s.io", "job-name", "controller-uid");

  private LabelSyntax() {}

  static Optional<Violation> check(String key, String value) {
    int slash = key.indexOf('/');
    String domain = slash < 0 ? "" : key.substring(0, slash);
    boolean validDomain = slash < 0 || DNS_SUBDOMAIN.matcher(domain).matches();
    if (!validDomain || !NAME.matcher(key.substring(slash + 1)).matches()) {
      return Optional.of(
          Violation.of(
              "labels",
              key,
              "a label key [domain/]name whose name has at most 63 of letters, digits, '-', '_' and"
                  + " '.'"));
    }
    if (RESERVED.contains(slash < 0 ? key : domain)
        || domain.endsWith(".kubernetes.io")
        || domain.endsWith(".k8s.io")) {
      return Optional.of(
          Violation.of("labels", key, "another key, Kubernetes or the worker sets this one"));
    }
    if (!VALUE.matcher(value).matches()) {
      return Optional.of(
          Violation.of(
              "labels." + key,
              value,
              "a label value: at most 63 of letters, digits, '-', '_' and '.', beginning and ending"
                  + " with a letter or digit"));
    }
    return Optional.empty();
  }
}
