package mstc.cloud.worker.domain.job;

import static mstc.cloud.worker.domain.request.WorkRequests.aWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import mstc.cloud.worker.domain.request.WorkRequest;
import org.junit.jupiter.api.Test;

class JobTest {
  @Test
  void theLogIsNamedAfterTheJobInTheOutputBucket() {
    // given
    Job job = job(aWorkRequest().outputBucket("outputs").build());

    // then
    assertThat(job.logLocation()).hasToString("outputs/" + job.name() + ".log");
  }

  @Test
  void theLogIsInTheInputBucketWhereThereIsNoOther() {
    assertThat(job(aWorkRequest().build()).logLocation().bucket()).hasToString("inputs");
  }

  @Test
  void aPrefixIsPutBeforeTheNameOfTheLog() {
    // given
    Job job = job(aWorkRequest().prefix("runs/42").build());

    // then
    assertThat(job.logLocation()).hasToString("inputs/runs/42-" + job.name() + ".log");
  }

  @Test
  void theLongestNameOfALogFitsInAFileSystem() {
    // given
    Job job = job(aWorkRequest().jobName("x".repeat(63)).prefix("模".repeat(60)).build());

    // then
    assertThat(job.logLocation().key().getBytes(StandardCharsets.UTF_8))
        .hasSizeLessThanOrEqualTo(255);
  }

  private static Job job(WorkRequest request) {
    return new Job(UniqueName.of(request.jobName(), UUID.randomUUID()), request, List.of());
  }
}
