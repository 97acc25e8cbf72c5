package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import mstc.cloud.worker.application.intake.SubmitWork.Submitted;
import mstc.cloud.worker.application.view.JobDetail;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.Violation;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.wire.RequestJson;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A request whose caller does not wait becomes the same job as any other. */
@Timeout(60)
class SubmitWorkTest {
  private static final Optional<String> KEY = Optional.of("key");

  private final Site site = new Site(1).start();

  @BeforeEach
  void open() {
    site.awaitDemand();
  }

  @AfterEach
  void close() {
    site.close();
  }

  private Submitted submit(String body, Optional<String> key) throws InterruptedException {
    return site.worker
        .submitWork()
        .submit(RequestJson.parse(body.getBytes(StandardCharsets.UTF_8)), key);
  }

  private static String body(String jobName) {
    return Message.of(jobName).body();
  }

  private UniqueName submitted(String jobName, Optional<String> key) throws InterruptedException {
    return ((Submitted.OnRecord) submit(body(jobName), key)).name();
  }

  @Test
  void theCallerIsToldTheNameOfAJobThatIsShown() throws InterruptedException {
    // when
    UniqueName job = submitted("solve", Optional.empty());

    // then
    assertThat(site.worker.listJobs().find(job)).isPresent();
    assertThat(site.awaitJob()).isEqualTo(job);
  }

  @Test
  void nobodyIsSentAReply() throws InterruptedException {
    // given
    UniqueName job = submitted("solve", Optional.empty());

    // when
    site.succeed(job);
    site.awaitNoUnanswered();

    // then
    assertThat(site.replies(Site.REPLIES)).isEmpty();
    assertThat(site.logs()).hasSize(1);
  }

  @Test
  void theSameKeyIsTheSameJob() throws InterruptedException {
    // given
    UniqueName job = submitted("solve", KEY);

    // when
    UniqueName again = submitted("solve", KEY);

    // then
    assertThat(again).isEqualTo(job);
    assertThat(site.runtime.jobs()).hasSize(1);
  }

  @Test
  void aJobThatWasAnsweredLongAgoIsShownAgainToWhoSendsItsKey() throws InterruptedException {
    // given
    UniqueName job = submitted("solve", KEY);
    site.succeed(job);
    site.awaitNoUnanswered();
    site.clock.advance(Site.RETENTION);
    assertThat(site.runtime.jobs()).isEmpty();
    site.crash();
    site.startAnother();
    site.awaitDemand();

    // when
    UniqueName again = submitted("solve", KEY);

    // then
    assertThat(again).isEqualTo(job);
    JobDetail shown = site.worker.listJobs().find(job).orElseThrow();
    assertThat(shown.job().outcome()).contains(JobOutcome.Kind.SUCCEEDED);
    assertThat(shown.request().orElseThrow()).contains("solver:1");
  }

  @Test
  void aKeyOfAnotherRequestIsInvalid() throws InterruptedException {
    // given
    submitted("solve", KEY);

    // when
    Submitted other = submit(body("mesh"), KEY);

    // then
    assertThat(((Submitted.Invalid) other).why()).contains("\"key\"");
  }

  @Test
  void everyValueThatIsNotAllowedIsNamed() throws InterruptedException {
    // when
    Submitted submitted =
        submit(
            """
            {"image": "Solver", "jobName": "-", "inputBucket": "results"}\
            """,
            Optional.empty());

    // then
    assertThat(((Submitted.Invalid) submitted).violations())
        .extracting(Violation::field)
        .containsExactly("image", "jobName");
    assertThat(site.metrics.count("rejected")).isEqualTo(1);
  }

  @Test
  void whatIsNoRequestIsInvalid() throws InterruptedException {
    assertThat(((Submitted.Invalid) submit("no", Optional.empty())).why()).contains("not JSON");
  }

  @Test
  void whatTheRuntimeRefusesIsInvalidInItsWords() throws InterruptedException {
    // given
    site.runtime.refuse("never");

    // when
    Submitted submitted = submit(body("solve"), Optional.empty());

    // then
    assertThat(((Submitted.Invalid) submitted).why()).contains("never");
  }

  @Test
  void thereIsNoRoomBeyondTheLimit() throws InterruptedException {
    // given
    submitted("solve", Optional.empty());

    // when
    Submitted second = submit(body("solve"), Optional.empty());

    // then
    assertThat(second).isInstanceOf(Submitted.NoRoom.class);
  }

  @Test
  void aRuntimeThatFailsIsTold() {
    // given
    site.runtime.breakDown();

    // then
    assertThatThrownBy(() -> submit(body("solve"), Optional.empty()))
        .isInstanceOf(JobRuntimeException.class);
    site.runtime.recover();
  }
}
