package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mstc.cloud.worker.application.admission.Admission;
import mstc.cloud.worker.application.admission.Outage;
import mstc.cloud.worker.application.admission.Pause;
import mstc.cloud.worker.application.metrics.IntakePause;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the queue is told, and the outages that change it. */
@Timeout(60)
class AdmissionTest {
  private final Site site = new Site();
  private final Admission admission =
      new Admission(site.calls.of(site.queue), site.calls.of(site.runtime), 3, 10, 2);
  private final Outage outage =
      new Outage(
          admission,
          site.calls.of(site.runtime),
          site.calls.of(site.store),
          Site.settings(3).backoff());

  @AfterEach
  void close() {
    outage.stop();
    site.close();
  }

  private void open() {
    admission.resume();
    admission.update();
  }

  private static JobRuntimeException away() {
    return JobRuntimeException.retryable("away", null);
  }

  private void jobs(int count) {
    for (int i = 0; i < count; i++) {
      site.runtime.submit(
          new Job(
              UniqueName.of(Message.of("solve").request().jobName(), UUID.randomUUID()),
              Message.of("solve").request(),
              List.of()),
          Optional.empty());
    }
  }

  @Test
  void nothingIsAskedForBeforeTheFirstResume() throws InterruptedException {
    // when
    admission.update();

    // then
    assertThat(site.queue.demand()).isZero();
    assertThat(admission.tryReserve()).isFalse();
  }

  @Test
  void theDemandIsTheRoomButNeverMoreThanTheMostDeliveries() {
    // given
    open();
    List<Integer> demands = new ArrayList<>(List.of(site.queue.demand()));

    // when
    for (int i = 0; i < 4; i++) {
      jobs(1);
      admission.update();
      demands.add(site.queue.demand());
    }

    // then
    assertThat(demands).containsExactly(2, 2, 1, 0, 0);
  }

  private List<UniqueName> names() {
    return site.runtime.jobs().stream().map(record -> record.job().name()).toList();
  }

  @Test
  void jobsThatHaveEndedTakeNoRoom() throws InterruptedException {
    // given
    open();
    jobs(3);
    admission.update();
    int full = site.queue.demand();

    // when
    names().forEach(site::succeed);
    admission.update();

    // then
    assertThat(full).isZero();
    assertThat(site.queue.demand()).isEqualTo(2);
    assertThat(admission.tryReserve()).isTrue();
  }

  @Test
  void nothingIsLetInWhereTooManyAreUnansweredUntilATenthOfThemIs() throws InterruptedException {
    // given
    open();
    jobs(10);
    names().forEach(site::succeed);
    List<Integer> demands = new ArrayList<>();

    // when
    admission.update();
    demands.add(site.queue.demand());
    boolean reserved = admission.tryReserve();
    boolean tooMany = admission.hasTooManyWaiting();
    for (JobRecord record : site.runtime.jobs().subList(0, 2)) {
      Reply reply = Reply.invalid("whatever");
      site.runtime.recordAnswer(
          record, new Answer(reply, Answer.Status.NONE, site.clock.instant()));
      admission.update();
      demands.add(site.queue.demand());
    }

    // then
    assertThat(demands).containsExactly(0, 0, 2);
    assertThat(reserved).isFalse();
    assertThat(tooMany).isTrue();
    assertThat(admission.hasTooManyWaiting()).isFalse();
  }

  @Test
  void whileOneCallFailsThoughItsSystemIsThereRequestsAreTakenIn() {
    // given
    outage.start();
    site.awaitDemand();

    // when
    boolean away = outage.onFailure(away());

    // then
    assertThat(away).isFalse();
    assertThat(outage.pause()).isEmpty();
    assertThat(site.queue.demand()).isEqualTo(2);
  }

  @Test
  void aPauseSaysWhatIsAway() {
    // given
    Optional<IntakePause> before = outage.pause().map(Pause::why);
    outage.start();
    site.awaitDemand();
    site.store.refuse();

    // when
    boolean away = outage.onFailure(ObjectStoreException.permanent("access denied", null));

    // then
    assertThat(before).contains(IntakePause.STARTING);
    assertThat(away).as("refuses, and is there").isFalse();
    assertThat(outage.pause().map(Pause::why)).contains(IntakePause.STORE);
    assertThat(site.queue.demand()).isZero();
    site.store.start();
    site.awaitDemand();
    assertThat(outage.pause()).isEmpty();
  }

  @Test
  void reservationsTakeRoomUntilTheyAreReleased() throws InterruptedException {
    // given
    open();

    // when
    List<Boolean> reserved =
        List.of(
            admission.tryReserve(),
            admission.tryReserve(),
            admission.tryReserve(),
            admission.tryReserve());

    // then
    assertThat(reserved).containsExactly(true, true, true, false);
    assertThat(site.queue.demand()).isZero();
    admission.release();
    assertThat(site.queue.demand()).isEqualTo(1);
    assertThat(admission.tryReserve()).isTrue();
  }

  @Test
  void aJobThatIsBeingPutOnRecordTakesNoSecondPlace() throws Exception {
    // given
    open();
    jobs(1);
    assertThat(admission.tryReserve()).isTrue();
    jobs(1);
    int asked = site.calls.count(PortCall.COUNTS);

    // when
    CompletableFuture<Boolean> another =
        CompletableFuture.supplyAsync(this::reserve, Thread.ofVirtual()::start);
    Site.eventually().until(() -> site.calls.count(PortCall.COUNTS) > asked);
    admission.release();

    // then
    assertThat(another.get()).isTrue();
  }

  private boolean reserve() {
    try {
      return admission.tryReserve();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aClosedAdmissionStaysClosed() throws InterruptedException {
    // given
    open();

    // when
    admission.close();
    admission.resume();
    admission.update();

    // then
    assertThat(site.queue.demand()).isZero();
    assertThat(admission.tryReserve()).isFalse();
  }

  @Test
  void theQueueIsToldOnlyWhatChanges() {
    // given
    open();
    int told = site.calls.count(PortCall.DEMAND);

    // when
    admission.update();
    open();

    // then
    assertThat(site.calls.count(PortCall.DEMAND)).isEqualTo(told);
  }

  @Test
  void manyThreadsNeverReserveMoreThanThereIsRoomFor() throws InterruptedException {
    // given
    open();
    AtomicInteger held = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(20);

    // when
    for (int i = 0; i < 20; i++) {
      Thread.ofVirtual()
          .start(() -> {
            for (int round = 0; round < 200; round++) {
              if (reserve()) {
                most.accumulateAndGet(held.incrementAndGet(), Math::max);
                held.decrementAndGet();
                admission.release();
              }
            }
            done.countDown();
          });
    }
    done.await();

    // then
    assertThat(most.get()).isBetween(1, 3);
    assertThat(site.queue.demand()).isEqualTo(2);
  }

  @Test
  void stoppingAnOutageBeforeItsStartInterruptsNobodyAndPreventsIt() {
    // when
    outage.stop();
    outage.start();

    // then
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(site.calls.count(PortCall.CHECK_RUNTIME)).isZero();
  }

  @Test
  void aFailureAfterTheStopWatchesNothing() {
    // given
    outage.start();
    site.awaitDemand();
    outage.stop();
    int checks = site.calls.count(PortCall.CHECK_RUNTIME);

    // when
    var _ = outage.onFailure(away());

    // then
    assertThat(site.calls.count(PortCall.CHECK_RUNTIME)).isEqualTo(checks);
  }

  /** A failure between the end of an outage and the reopening must leave intake closed. */
  @Test
  void aFailureWhileIntakeReopensClosesItAgain() throws InterruptedException {
    // given
    CountDownLatch reopening = new CountDownLatch(1);
    CountDownLatch failed = new CountDownLatch(1);
    site.calls.before(PortCall.DEMAND, reopening::countDown);
    outage.start();
    reopening.await();
    site.runtime.breakDown();

    // when
    Thread.ofVirtual()
        .start(() -> {
          var _ = outage.onFailure(away());
          failed.countDown();
        });
    failed.await();

    // then
    site.awaitNoDemand();
    site.runtime.recover();
    site.awaitDemand();
  }

  @Test
  void intakeFollowsWhetherTheSystemsAreThereWhateverThreadsReport() throws InterruptedException {
    // given
    outage.start();
    site.awaitDemand();

    // when
    for (int round = 0; round < 30; round++) {
      site.runtime.breakDown();
      CountDownLatch reported = new CountDownLatch(4);
      for (int i = 0; i < 4; i++) {
        Thread.ofVirtual()
            .start(() -> {
              var _ = outage.onFailure(away());
              reported.countDown();
            });
      }
      reported.await();
      // then
      assertThat(site.queue.demand()).isZero();
      site.runtime.recover();
      site.awaitDemand();
    }
  }

  /** The queue may take several round trips to a broker that does not respond. */
  @Test
  void whoeverDoesNotTellTheQueueDoesNotWaitForIt() throws Exception {
    // given
    outage.start();
    site.awaitDemand();
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    site.calls.beforeEvery(
        PortCall.DEMAND,
        () -> {
          asked.countDown();
          try {
            answer.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    site.runtime.breakDown();
    CompletableFuture<Boolean> reported =
        CompletableFuture.supplyAsync(() -> outage.onFailure(away()), Thread.ofVirtual()::start);
    asked.await();

    // when
    CompletableFuture<List<Object>> others =
        CompletableFuture.supplyAsync(
            () -> {
              List<Object> said =
                  List.of(
                      outage.onFailure(away()),
                      outage.pause().map(Pause::why),
                      admission.hasTooManyWaiting());
              outage.stop();
              admission.close();
              return said;
            },
            Thread.ofVirtual()::start);

    // then
    try {
      assertThat(others.get(10, TimeUnit.SECONDS))
          .containsExactly(true, Optional.of(IntakePause.RUNTIME), false);
      assertThat(admission.tryReserve()).isFalse();
      assertThat(reported).isNotDone();
    } finally {
      answer.countDown();
    }
    assertThat(reported.get(10, TimeUnit.SECONDS)).isTrue();
  }
}
