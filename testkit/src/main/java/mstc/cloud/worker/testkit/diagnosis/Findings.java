package mstc.cloud.worker.testkit.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import mstc.cloud.worker.domain.diagnosis.Check;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.domain.diagnosis.Finding;

/** What the checks of a diagnosis found, by their names and in their order. */
public record Findings(Map<String, Finding> all) {

  /** Runs all checks, and closes the diagnosis. */
  public static Findings of(Diagnosis diagnosis) throws InterruptedException {
    try (diagnosis) {
      Map<String, Finding> all = new LinkedHashMap<>();
      for (Check check : diagnosis.checks()) {
        all.put(check.name(), check.look().run());
      }
      return new Findings(all);
    }
  }

  /** All checks but these passed. */
  public void assertPassedBut(String... others) {
    Map<String, Finding> rest = new LinkedHashMap<>(all);
    for (String other : others) {
      assertThat(rest.remove(other)).as(other).isNotNull();
    }
    assertThat(rest).isNotEmpty();
    assertThat(rest.values()).as("%s", rest).allMatch(Finding.Passed.class::isInstance);
  }

  /** The check failed, and says so in its problem and its remedy. */
  public void assertFailed(String check, String problem, String remedy) {
    assertThat(all.get(check))
        .isInstanceOfSatisfying(
            Finding.Failed.class,
            failed -> {
              assertThat(failed.problem()).contains(problem);
              assertThat(failed.remedy()).contains(remedy);
            });
  }

  /** The check was skipped for that reason. */
  public void assertSkipped(String check, String reason) {
    assertThat(all.get(check))
        .isInstanceOfSatisfying(
            Finding.Skipped.class, skipped -> assertThat(skipped.reason()).contains(reason));
  }

  /** The check passed, and saw that. */
  public void assertSeen(String check, String seen) {
    assertThat(all.get(check))
        .isInstanceOfSatisfying(
            Finding.Passed.class, passed -> assertThat(passed.seen()).contains(seen));
  }
}
