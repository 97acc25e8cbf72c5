package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Alerts, dashboard and pages query metrics that exist, and no metric is left undocumented. */
class MonitoringTest {
  private static final Path PROJECT = Path.of("..");
  private static final Pattern METRIC = Pattern.compile("\\b(?:mstc|jvm)_[a-z_]+[a-z]");
  private static final Pattern HISTOGRAM_PART = Pattern.compile("_(bucket|sum|count)$");
  private static final Pattern ALERT = Pattern.compile("\\bMstc[A-Z][A-Za-z]+");

  /** What is no metric: the image and the package of the Python client. */
  private static final Set<String> OTHERS = Set.of("mstc_cloud_worker");

  private static Set<String> exported() {
    try (Api api = new Api()) {
      return api.get("/metrics")
          .body()
          .lines()
          .filter(line -> line.startsWith("# TYPE "))
          .map(line -> line.split(" ", -1)[2])
          .collect(Collectors.toSet());
    }
  }

  private static Set<String> found(Pattern pattern, String file) throws IOException {
    return pattern
        .matcher(Files.readString(PROJECT.resolve(file)))
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toSet());
  }

  private static Set<String> metrics(String file) throws IOException {
    return found(METRIC, file).stream()
        .map(name -> HISTOGRAM_PART.matcher(name).replaceFirst(""))
        .filter(name -> !OTHERS.contains(name))
        .collect(Collectors.toSet());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "charts/mstc-cloud-worker/files/alerts.yaml",
        "charts/mstc-cloud-worker/files/dashboard.json",
        "docs/runbook.md",
        "README.md"
      })
  void everyMetricThatIsNamedExists(String file) throws IOException {
    assertThat(metrics(file)).isNotEmpty().isSubsetOf(exported());
  }

  @Test
  void everyMetricIsInTheReadme() throws IOException {
    // given
    Set<String> own =
        exported().stream().filter(name -> name.startsWith("mstc_")).collect(Collectors.toSet());

    // when
    Set<String> documented = metrics("README.md");

    // then
    assertThat(documented).containsAll(own);
  }

  @Test
  void theRunbookHasEveryAlertAndNoOther() throws IOException {
    // given
    Set<String> alerts = found(ALERT, "charts/mstc-cloud-worker/files/alerts.yaml");

    // when
    Set<String> explained = found(ALERT, "docs/runbook.md");

    // then
    assertThat(explained).isNotEmpty().isEqualTo(alerts);
  }
}
