package mstc.cloud.worker.domain.request;

import static mstc.cloud.worker.domain.request.WorkRequests.aWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
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
          List.of(new Glob("team-*")));

  private static WorkRequestBuilder allowed() {
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
                List.of(Glob.ANY)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
