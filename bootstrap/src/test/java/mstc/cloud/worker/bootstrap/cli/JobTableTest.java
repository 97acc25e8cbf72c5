package mstc.cloud.worker.bootstrap.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class JobTableTest {
  private static final Instant NOW = Instant.parse("2026-11-27T10:00:00Z");

  private static JsonNode job(String properties) {
    return JsonMapper.shared()
        .readTree(
            """
            {"image": "team/solver:3", "hint": null, "startedAt": null, "finishedAt": null,
             "cancelled": false, "outcome": null, "result": null, %s}
            """
                .formatted(properties));
  }

  private static List<String> table(JsonNode... jobs) {
    return JobTable.of(List.of(jobs), NOW);
  }

  @Test
  void jobsAreShownInColumnsWithTheWordsOfThePage() {
    // given
    JsonNode waiting =
        job(
            """
            "name": "wing-1", "state": "PENDING", "createdAt": "2026-11-27T09:58:30Z",
            "hint": "Unschedulable: 0/3 nodes are available"
            """);
    JsonNode failed =
        job(
            """
            "name": "mesh-22", "state": "ENDED", "createdAt": "2026-11-25T08:00:00Z",
            "startedAt": "2026-11-25T08:00:10Z", "finishedAt": "2026-11-25T11:02:10Z",
            "outcome": "FAILED", "result": "Job mesh-22 failed: exit code 3."
            """);

    // then
    assertThat(table(waiting, failed))
        .containsExactly(
            "NAME     STATE    IMAGE          AGE    DURATION  OUTCOME  REASON",
            "wing-1   pending  team/solver:3  1m30s  -         -        Unschedulable: 0/3 nodes are available",
            "mesh-22  ended    team/solver:3  2d2h   3h2m      FAILED   exit code 3.");
  }

  @Test
  void aJobThatIsBeingCancelledSaysSo() {
    // given
    JsonNode job =
        job(
            """
            "name": "a", "state": "RUNNING", "createdAt": "2026-11-27T09:59:59Z",
            "startedAt": "2026-11-27T09:59:59.500Z", "cancelled": true
            """);

    // then
    assertThat(table(job).getLast()).endsWith("1s   0s        -        being cancelled");
    assertThat(JobTable.change(job)).isEqualTo("a  running  being cancelled");
  }

  @Test
  void whatATerminalWouldObeyIsNotPrinted() {
    // given
    JsonNode job =
        job(
            """
            "name": "a", "state": "PENDING", "createdAt": "2026-11-27T10:00:00Z",
            "hint": "\\u001b[2Jgone"
            """);

    // then
    assertThat(table(job).getLast()).endsWith("\\u001b[2Jgone").doesNotContain("\u001b");
  }

  @Test
  void withoutJobsThereAreOnlyTheHeadings() {
    assertThat(table()).containsExactly("NAME  STATE  IMAGE  AGE  DURATION  OUTCOME  REASON");
  }
}
