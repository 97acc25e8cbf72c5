package mstc.cloud.worker.adapters.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import mstc.cloud.worker.adapters.local.LocalSettings.CatalogueEntry;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.testkit.diagnosis.Findings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramChecksTest {
  @TempDir private Path folder;

  private Findings examined(CatalogueEntry... entries) throws InterruptedException {
    LocalSettings settings = new LocalSettings(folder, List.of(entries), Map.of());
    return Findings.of(
        Diagnosis.of(new ProgramChecks(settings, folder.resolve("bin").toString()).all()));
  }

  @Test
  void aProgramIsFoundByItsPathAndByItsName() throws Exception {
    // given
    Path program = Files.createFile(Files.createDirectory(folder.resolve("bin")).resolve("solve"));
    assertThat(program.toFile().setExecutable(true)).isTrue();

    // when
    Findings findings =
        examined(
            new CatalogueEntry("by/path", List.of(program.toString())),
            new CatalogueEntry("by/name:*", List.of("solve", "--fast")));

    // then
    findings.assertPassedBut();
  }

  @Test
  void aProgramThatIsNotThereIsNamedWithItsEntry() throws Exception {
    // given
    Files.createFile(Files.createDirectory(folder.resolve("bin")).resolve("text"));

    // when
    Findings findings =
        examined(
            new CatalogueEntry("team/solver:*", List.of("solve")),
            new CatalogueEntry("team/text", List.of("text")));

    // then
    findings.assertFailed(
        "local program for team/solver:*",
        "no program solve",
        "the entry for team/solver:* in mstc.runtime.local.catalogue");
    findings.assertFailed("local program for team/text", "may run", "install it");
  }

  @Test
  void aCatalogueWithoutEntriesIsNoFailure() throws Exception {
    examined().assertSkipped("local programs", "no entry");
  }
}
