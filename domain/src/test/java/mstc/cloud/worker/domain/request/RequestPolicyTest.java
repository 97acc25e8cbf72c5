package mstc.cloud.worker.domain.request;

import static mstc.cloud.worker.domain.request.WorkRequests.aWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestPolicyTest {
  private static final RequestPolicy STRICT =
      new RequestPolicy(
          Duration.ofHours(1),
          Optional.of("2"),
          Optional.of("1Gi"),
          0,
          1,
          List.of(new Glob("registry.example/*"), new Glob("team/*")),
          List.of(new Glob("team-*")),
          List.of(new Glob("example.org/*"), new Glob("example.com/team")),
          Map.of(
              "timeOut", "mstc.jobs.max-timeout",
              "resources.cpu", "mstc.jobs.max-cpu",
              "resources.memory", "mstc.jobs.max-memory",
              "resources.gpu", "mstc.jobs.max-gpu",
              "retries", "mstc.jobs.max-retries",
              "image", "mstc.jobs.allowed-images",
              "inputBucket", "mstc.jobs.allowed-buckets",
              "outputBucket", "mstc.jobs.allowed-buckets",
              "labels", "mstc.jobs.allowed-labels"));

  private static WorkRequest.Builder allowed() {
    return WorkRequest.builder()
        .image("team/solver:3")
        .jobName("solve")
        .inputBucket("team-a")
        .outputBucket("team-b");
  }

  @Test
  void anOpenPolicyRefusesNothingThatCouldRun() {
    // given
    WorkRequest request =
        aWorkRequest()
            .labels(Map.of("team", "flow"))
            .timeoutMinutes(43_200)
            .cpu("999999")
            .memory("9999Gi")
            .gpu(64)
            .retries(10)
            .build();

    // when
    List<Violation> violations = RequestPolicy.OPEN.violations(request);

    // then
    assertThat(violations).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {".mstc", ".mstc/run", ".mstc/a/b"})
  void noPrefixIsWhereTheWorkerKeepsItsOwnObjects(String prefix) {
    // when
    List<Violation> violations =
        RequestPolicy.OPEN.violations(aWorkRequest().prefix(prefix).build());

    // then
    assertThat(violations).extracting(Violation::field).containsExactly("prefix");
  }

  @ParameterizedTest
  @ValueSource(strings = {".mstcx/run", "run/.mstc/x", "mstc"})
  void otherPrefixesAreTheClients(String prefix) {
    // when
    List<Violation> violations =
        RequestPolicy.OPEN.violations(aWorkRequest().prefix(prefix).build());

    // then
    assertThat(violations).isEmpty();
  }

  @Test
  void aLimitWithoutANameIsToldWithoutOne() {
    // given
    WorkRequest request = allowed().image("other/solver").retries(2).build();

    // when
    List<Violation> violations = STRICT.withSettings(Map.of()).violations(request);

    // then
    assertThat(violations)
        .extracting(Violation::toString)
        .containsExactly(
            "image \"other/solver\" must be as this worker allows it: registry.example/*, team/*",
            "retries \"2\" must be at most 1 for this worker");
  }

  @Test
  void whatIsExactlyTheMostIsAllowed() {
    // given
    WorkRequest request =
        allowed().timeoutMinutes(60).cpu("2000m").memory("1024Mi").retries(1).build();

    // when
    List<Violation> violations = STRICT.violations(request);

    // then
    assertThat(violations).isEmpty();
  }

  @Test
  void everythingThatIsNotAllowedIsNamedWithWhatIs() {
    // given
    WorkRequest request =
        WorkRequest.builder()
            .image("docker.io/team/solver:3")
            .jobName("solve")
            .inputBucket("other")
            .outputBucket("another")
            .timeoutMinutes(61)
            .cpu("2.001")
            .memory("9999Gi")
            .gpu(1)
            .retries(2)
            .build();

    // when
    List<Violation> violations = STRICT.violations(request);

    // then
    assertThat(violations)
        .extracting(Violation::toString)
        .containsExactly(
            "image \"docker.io/team/solver:3\" must be as this worker allows it:"
                + " registry.example/*, team/* (mstc.jobs.allowed-images)",
            "inputBucket \"other\" must be as this worker allows it: team-*"
                + " (mstc.jobs.allowed-buckets)",
            "outputBucket \"another\" must be as this worker allows it: team-*"
                + " (mstc.jobs.allowed-buckets)",
            "timeOut \"61\" must be at most 60 (minutes) for this worker (mstc.jobs.max-timeout)",
            "resources.cpu \"2.001\" must be at most 2 for this worker (mstc.jobs.max-cpu)",
            "resources.memory \"9999Gi\" must be at most 1Gi for this worker"
                + " (mstc.jobs.max-memory)",
            "resources.gpu \"1\" must be at most 0 for this worker (mstc.jobs.max-gpu)",
            "retries \"2\" must be at most 1 for this worker (mstc.jobs.max-retries)");
  }

  @Test
  void aBucketThatServesForBothIsNamedOnce() {
    // given
    WorkRequest request = allowed().inputBucket("other").outputBucket("other").build();

    // when
    List<Violation> violations = STRICT.violations(request);

    // then
    assertThat(violations).extracting(Violation::field).containsExactly("inputBucket");
  }

  @Test
  void whoMeansMebibytesIsToldOfTheUnit() {
    // given
    WorkRequest request = aWorkRequest().memory("512").build();

    // when
    List<Violation> violations = RequestPolicy.OPEN.violations(request);

    // then
    assertThat(violations)
        .extracting(Violation::toString)
        .containsExactly(
            "resources.memory \"512\" must be at least \"4Mi\", with which a container can start:"
                + " \"512\" is 512 bytes, \"512Mi\" is 512 MiB");
  }

  @ParameterizedTest
  @ValueSource(strings = {"4095Ki", "4M", "4194303", "0.001Gi"})
  void lessMemoryThanAContainerStartsWithIsRefused(String memory) {
    assertThat(RequestPolicy.OPEN.violations(aWorkRequest().memory(memory).build())).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"4Mi", "4194304", "5M", "0.01Gi"})
  void whatAContainerStartsWithIsAllowed(String memory) {
    assertThat(RequestPolicy.OPEN.violations(aWorkRequest().memory(memory).build())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"team", "app", "example.org/cost-center", "example.com/team"})
  void aLabelWithoutADomainOrThatIsListedIsAllowed(String key) {
    assertThat(STRICT.violations(allowed().labels(Map.of(key, "a")).build())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "istio.io/rev",
        "sidecar.istio.io/inject",
        "azure.workload.identity/use",
        "volcano.sh/queue-name",
        "my.example.org/team",
        "example.org.evil/team",
        "example.com/app"
      })
  void aLabelOfAnotherDomainIsRefusedWithWhatIsAllowed(String key) {
    assertThat(STRICT.violations(allowed().labels(Map.of(key, "a")).build()))
        .extracting(Violation::toString)
        .containsExactly(
            "labels \"%s\" must be as this worker allows it: example.org/*, example.com/team"
                    .formatted(key)
                + " (mstc.jobs.allowed-labels)");
    assertThat(RequestPolicy.OPEN.violations(aWorkRequest().labels(Map.of(key, "a")).build()))
        .extracting(Violation::toString)
        .containsExactly(
            "labels \"%s\" must be a key without a domain, as this worker allows no other"
                .formatted(key));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kueue.x-k8s.io/queue-name",
        "x-k8s.io/a",
        "a.b.kueue.x-k8s.io/a",
        "x-kubernetes.io/a"
      })
  void aLabelOfKubernetesIsRefusedWhateverIsAllowed(String key) {
    // given
    RequestPolicy openToLabels =
        new RequestPolicy(
            Duration.ofHours(1),
            Optional.empty(),
            Optional.empty(),
            0,
            0,
            List.of(Glob.ANY),
            List.of(Glob.ANY),
            List.of(Glob.ANY));

    // when
    List<Violation> violations =
        openToLabels.violations(allowed().labels(Map.of(key, "other-team")).build());

    // then
    assertThat(violations)
        .extracting(Violation::toString)
        .containsExactly(
            "labels \"%s\" must be another key, as Kubernetes acts on this one".formatted(key));
  }

  @Test
  void aPolicyThatLetsNothingInIsNone() {
    assertThatThrownBy(() ->
            new RequestPolicy(
                Duration.ofHours(1),
                Optional.empty(),
                Optional.empty(),
                0,
                0,
                List.of(),
                List.of(Glob.ANY),
                List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
