package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.FilePrefix;
import mstc.cloud.worker.domain.request.Glob;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.RequestPolicy;
import mstc.cloud.worker.domain.request.Work;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.testkit.request.HandWork;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The worker knows of work what {@link Work} says, whatever does it. */
class OtherWorkTest {
  private static final HandWork WORK =
      new HandWork(
          new JobName("saw"), new BucketName("results"), Optional.of(new FilePrefix("shop")));

  private Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  private static Delivery delivery(Work work) {
    return new Delivery(
        new ParsedRequest.Valid(work, List.of("a warning")),
        Optional.of("key"),
        Optional.empty(),
        Optional.of(Site.REPLIES),
        false,
        Optional.empty());
  }

  @Test
  void workThatNoContainerDoesIsDoneOnceAndAnswered() {
    // given
    site.start();
    site.broker.offer(delivery(WORK));
    UniqueName job = site.awaitJob();
    site.succeed(job);
    Reply first = site.awaitReply();

    // when
    site.broker.offer(delivery(WORK));

    // then
    assertThat(site.awaitReplies(Site.REPLIES, 2)).containsOnly(first);
    assertThat(first.result()).isEqualTo("Job " + job + " complete.");
    assertThat(first.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    assertThat(first.warnings()).containsExactly("a warning");
    assertThat(job.value()).startsWith("saw-");
    assertThat(site.logs())
        .extracting(location -> location.key())
        .containsExactly("shop-" + job + ".log");
  }

  @Test
  void theSameKeyWithOtherWorkIsRejected() {
    // given
    site.start();
    site.broker.offer(delivery(WORK));
    site.succeed(site.awaitJob());
    site.awaitReply();

    // when
    site.broker.offer(delivery(new HandWork()));

    // then
    assertThat(site.awaitReplies(Site.REPLIES, 2).getLast().outcome())
        .isEqualTo(JobOutcome.Kind.REJECTED);
  }

  @Test
  void thePolicyHoldsForItsOutputBucket() {
    // given
    RequestPolicy open = RequestPolicy.OPEN;
    site =
        new Site(
            Site.withPolicy(
                new RequestPolicy(
                    open.maxTimeout(),
                    open.maxCpu(),
                    open.maxMemory(),
                    open.maxGpu(),
                    open.maxRetries(),
                    open.images(),
                    List.of(new Glob("others-*")),
                    List.of())));
    site.start();

    // when
    site.broker.offer(delivery(WORK));

    // then
    assertThat(site.awaitReply().result())
        .startsWith("Invalid request: outputBucket \"results\" must be as this worker allows it");
  }
}
