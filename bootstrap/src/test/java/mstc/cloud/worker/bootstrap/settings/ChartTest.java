package mstc.cloud.worker.bootstrap.settings;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mstc.cloud.worker.bootstrap.configuration.Key;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

class ChartTest {
  private static final Path CHART = Path.of("../charts/mstc-cloud-worker");

  /** Secrets, which are in Secrets; what the chart gives as variables; what is not of a cluster. */
  private static final Pattern NOT_IN_VALUES =
      Pattern.compile(
          """
          mstc\\.(work-queue\\.(user|password)\
          |object-store\\.(minio|s3)\\.(access|secret)-key\
          |runtime\\.(type|local\\..+|kubernetes\\.(kubeconfig|context|namespace|lease))\
          |http\\.(enabled|host|port|token|tls\\..+)|scratch-dir)\
          """);

  @Test
  void itsValuesTakeTheKeysThatTheWorkerReads() throws IOException {
    // given
    List<String> expected =
        new WorkerTree()
            .keys().stream()
                .map(Key::name)
                .filter(NOT_IN_VALUES.asMatchPredicate().negate())
                .toList();

    // when
    Map<?, ?> schema = json(CHART.resolve("values.schema.json"));

    // then
    Map<?, ?> config = section(section(schema, "properties"), "config");
    assertThat(keys("mstc", config)).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void itGivesTheWorkerTheRightsThatTheManifestDoes() throws IOException {
    // when
    String rules = rules(CHART.resolve("templates/rbac.yaml"));

    // then
    assertThat(rules)
        .contains("pods/log")
        .isEqualTo(rules(Path.of("../config/service-account.yaml")));
  }

  private static Stream<String> keys(String name, Map<?, ?> schema) {
    return schema.containsKey("properties")
        ? section(schema, "properties").entrySet().stream()
            .flatMap(key -> keys(name + '.' + key.getKey(), (Map<?, ?>) key.getValue()))
        : Stream.of(name);
  }

  private static Map<?, ?> section(Map<?, ?> schema, String name) {
    return (Map<?, ?>) requireNonNull(schema.get(name), name);
  }

  private static Map<?, ?> json(Path file) throws IOException {
    Load load = new Load(LoadSettings.builder().build());
    return (Map<?, ?>) load.loadFromString(Files.readString(file));
  }

  private static String rules(Path file) throws IOException {
    String text = Files.readString(file);
    int start = text.indexOf("\nrules:\n");
    return text.substring(start, text.indexOf("\n---\n", start));
  }
}
