package mstc.cloud.worker.adapters.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import mstc.cloud.worker.adapters.local.LocalSettings.CatalogueEntry;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.wire.WorkRequestFormat;

/** A runtime whose image {@code shell} runs its one argument with {@code sh}, and its jobs. */
final class ShellJobs {
  /** A job with this variable times out after so many milliseconds instead of as it says. */
  static final String TIMEOUT_MILLIS = "TEST_TIMEOUT_MILLIS";

  /** Those that the contract suite and the tests of this module set. */
  private static final List<String> VARIABLES =
      List.of("TEST_*", "ASKED_FOR", "OMP_NUM_THREADS", "EMPTY", "QUOTED", "LONG");

  static final List<CatalogueEntry> CATALOGUE =
      List.of(
          new CatalogueEntry("shell", List.of("/bin/sh", "-c"), VARIABLES),
          new CatalogueEntry("missing", List.of("/no/such/program")),
          new CatalogueEntry("words:*", List.of("printf", "%s\n", "first")));

  static final Duration RETENTION = Duration.ofSeconds(5);

  private ShellJobs() {}

  static LocalSettings settings(Path root) {
    return new LocalSettings(
        root,
        CATALOGUE,
        RETENTION,
        Map.of("AWS_REGION", "eu-test-1", "AWS_SECRET_ACCESS_KEY", "hush"),
        LocalSettings.DEFAULT_INHERITED_VARIABLES,
        Duration.ofSeconds(3),
        OptionalLong.empty());
  }

  static LocalJobRuntime runtime(LocalSettings settings) {
    return new LocalJobRuntime(settings, new WorkRequestFormat(), ShellJobs::timeout);
  }

  private static Duration timeout(ContainerWork request) {
    return Optional.ofNullable(request.env().get(TIMEOUT_MILLIS))
        .map(text -> Duration.ofMillis(Long.parseLong(text)))
        .orElse(request.timeout());
  }

  static WorkRequest.Builder request(String image) {
    return WorkRequest.builder().image(image).jobName("shell").inputBucket("contract");
  }

  static WorkRequest.Builder running(String script) {
    return request("shell").args(List.of(script));
  }

  /**
   * Fails twice, then succeeds. Each attempt has a scratch folder of its own; beside them there is
   * room to count.
   */
  static WorkRequest.Builder failingTwice() {
    return running(
        """
        echo x >> ../tries
        try=$(wc -l < ../tries | tr -d ' ')
        echo "try $try"
        [ "$try" -gt 2 ] || exit 5
        """);
  }

  static Job job(WorkRequest.Builder request) {
    return new Job(new UniqueName("shell-" + UUID.randomUUID()), request.build(), List.of());
  }
}
