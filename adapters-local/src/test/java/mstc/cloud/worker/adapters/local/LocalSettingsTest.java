package mstc.cloud.worker.adapters.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import mstc.cloud.worker.adapters.local.LocalSettings.CatalogueEntry;
import mstc.cloud.worker.domain.request.ImageReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalSettingsTest {
  private static final List<String> ONE = List.of("one");
  private static final List<String> TWO = List.of("two");

  @ParameterizedTest
  @CsvSource({
    "python:3, python:3, true",
    "python:3, python:3.14, false",
    "python:*, python:3.14, true",
    "python:*, registry.example:5000/python:3, false",
    "*, registry.example:5000/team/solver:1, true",
    "*/solver:?, registry.example:5000/team/solver:1, true",
    "*/solver:?, registry.example:5000/team/solver:12, false",
    "a.b, axb, false",
    "python*, python, true",
  })
  void anEntryMatchesWholeImagesByItsPattern(String pattern, String image, boolean matches) {
    // given
    CatalogueEntry entry = new CatalogueEntry(pattern, ONE);

    // when
    boolean matched = entry.matches(new ImageReference(image));

    // then
    assertThat(matched).isEqualTo(matches);
  }

  @Test
  void theFirstEntryThatMatchesCounts() {
    // given
    LocalSettings settings =
        new LocalSettings(
            Path.of("root"),
            List.of(new CatalogueEntry("solver:1", ONE), new CatalogueEntry("solver:*", TWO)),
            Map.of());

    // when
    List<List<String>> commands =
        List.of("solver:1", "solver:2").stream()
            .map(image -> settings.entryFor(new ImageReference(image)).orElseThrow().command())
            .toList();

    // then
    assertThat(commands).containsExactly(ONE, TWO);
    assertThat(settings.entryFor(new ImageReference("mesher"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "OMP_NUM_THREADS, true",
    "OMP_NUM_THREADS_MORE, false",
    "omp_num_threads, false",
    "FOAM_, true",
    "FOAM_INST_DIR, true",
    "A_FOAM_, false",
    "PATH, false",
    "LD_PRELOAD, false",
  })
  void anEntryAllowsVariablesByNameOrByWhatTheyBeginWith(String variable, boolean allowed) {
    // given
    CatalogueEntry entry =
        new CatalogueEntry("solver:1", ONE, List.of("OMP_NUM_THREADS", "FOAM_*"));

    // when
    boolean isAllowed = entry.refusal(Set.of(variable)).isEmpty();

    // then
    assertThat(isAllowed).isEqualTo(allowed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "", "A=B", "*_PATH", "A*B", "1", "A-B", "FOAM_**"})
  void anEntryAllowsNothingThatIsNeitherANameNorABeginningOfOne(String variable) {
    assertThatThrownBy(() -> new CatalogueEntry("solver:1", ONE, List.of(variable)))
        .hasMessageContaining("solver:1")
        .hasMessageContaining("\"" + variable + "\"");
  }

  @Test
  void valuesOfTheEnvironmentAreNotShown() {
    // given
    LocalSettings settings =
        new LocalSettings(Path.of("root"), List.of(), Map.of("AWS_SECRET_ACCESS_KEY", "hush"));

    // when
    String shown = settings.toString();

    // then
    assertThat(shown).contains("AWS_SECRET_ACCESS_KEY").doesNotContain("hush");
  }

  @Test
  void whatCannotBeRunIsRefusedByName() {
    assertThatThrownBy(() -> new CatalogueEntry("solver:1", List.of()))
        .hasMessageContaining("solver:1");
    assertThatThrownBy(() -> new CatalogueEntry(" ", ONE)).hasMessageContaining("image");
    assertThatThrownBy(() -> new LocalSettings(Path.of("root"), List.of(), Map.of("A=B", "value")))
        .hasMessageContaining("A=B")
        .hasMessageNotContaining("value");
    assertThatThrownBy(() ->
            new LocalSettings(
                Path.of("root"),
                List.of(),
                Duration.ofSeconds(-1),
                Map.of(),
                Set.of(),
                Duration.ZERO,
                OptionalLong.empty()))
        .hasMessageContaining("retention");
  }
}
