package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import mstc.cloud.worker.application.admission.Admission;
import mstc.cloud.worker.application.admission.Outage;
import mstc.cloud.worker.application.admission.Outage.Remedy;
import mstc.cloud.worker.application.retry.Patience;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is done about a call that failed, by whose failure it was. */
@Timeout(60)
class RemedyTest {
  private final ObjectStoreException failure = ObjectStoreException.retryable("failed", null);
  private final ObjectStoreException refusal = ObjectStoreException.permanent("refused", null);

  private final Site site = new Site();
  private final Outage outage =
      new Outage(
          new Admission(site.queue, site.runtime, 3, 10, 2),
          site.runtime,
          site.store,
          Site.settings(3).backoff());

  @AfterEach
  void close() {
    outage.stop();
    site.close();
  }

  @Test
  void aCallIsRepeatedWithoutLimitWhileItsSystemIsUnavailable() {
    // given
    site.store.stop();
    Patience none = Patience.untilRefused(Duration.ZERO);

    // when
    List<Remedy> remedies =
        List.of(outage.onFailure(failure, none), outage.onFailure(failure, none));

    // then
    assertThat(remedies).containsOnly(Remedy.AWAIT_SYSTEM);
  }

  @Test
  void aCallThatItsSystemFailsAloneIsRepeatedUntilThePatienceIsOver() {
    // when
    List<Remedy> remedies =
        List.of(
            outage.onFailure(failure, Patience.untilRefused(Duration.ofHours(1))),
            outage.onFailure(failure, Patience.untilRefused(Duration.ZERO)));

    // then
    assertThat(remedies).containsExactly(Remedy.REPEAT, Remedy.GIVE_UP);
  }

  @Test
  void aRefusedCallIsRepeatedOnlyWhereThePatienceCoversRefusals() {
    // given
    Duration hour = Duration.ofHours(1);

    // when
    List<Remedy> remedies =
        List.of(
            outage.onFailure(refusal, Patience.untilRefused(hour)),
            outage.onFailure(refusal, Patience.evenIfRefused(hour)));

    // then
    assertThat(remedies).containsExactly(Remedy.GIVE_UP, Remedy.REPEAT);
  }
}
