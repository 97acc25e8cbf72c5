package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerRightTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"config/service-account.yaml", "charts/mstc-cloud-worker/templates/rbac.yaml"})
  void theRightsAreThoseOfTheRole(String file) throws Exception {
    // when
    String text = Files.readString(Path.of("..").resolve(file));

    // then
    int start = text.indexOf("\nrules:\n");
    String rules = text.substring(start, text.indexOf("\n---\n", start));
    Map<?, ?> role = Serialization.unmarshal(rules, Map.class);
    assertThat(listed(role, "rules").flatMap(rule -> rights((Map<?, ?>) rule)))
        .containsExactlyElementsOf(WorkerRight.ALL);
  }

  private static Stream<WorkerRight> rights(Map<?, ?> rule) {
    List<?> names = listed(rule, "resourceNames").toList();
    boolean named = names.equals(List.of("mstc-cloud-worker"));
    assertThat(named || names.isEmpty()).isTrue();
    return listed(rule, "apiGroups")
        .flatMap(group ->
            listed(rule, "resources")
                .flatMap(resource ->
                    listed(rule, "verbs")
                        .map(verb ->
                            new WorkerRight(
                                group.toString(), resource.toString(), verb.toString(), named))));
  }

  private static Stream<?> listed(Map<?, ?> map, String key) {
    return map.get(key) instanceof List<?> list ? list.stream() : Stream.empty();
  }
}
