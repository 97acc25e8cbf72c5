package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CheckReadinessTest {
  private final Site site = new Site();

  @BeforeEach
  void start() {
    site.start();
    site.awaitDemand();
  }

  @AfterEach
  void close() {
    site.close();
  }

  private CheckReadiness within(Duration timeout) {
    return new CheckReadiness(
        site.calls.of(site.queue),
        site.calls.of(site.runtime),
        site.calls.of(site.store),
        () -> false,
        timeout);
  }

  @Test
  void aWorkerThatReachesEverythingIsReady() throws InterruptedException {
    assertThat(site.worker.checkReadiness().check()).isEmpty();
  }

  @Test
  void eachPartThatIsAwayIsNamed() throws InterruptedException {
    // given
    site.broker.stop();
    site.runtime.breakDown();
    site.store.stop();

    // when
    var problems = site.worker.checkReadiness().check();

    // then
    assertThat(problems)
        .containsExactly(
            "queue: not connected",
            "runtime: the runtime cannot be reached, the test says",
            "store: The object store is stopped");
  }

  @Test
  void aStoreThatRefusesIsNamed() throws InterruptedException {
    // given
    site.store.refuse();

    // when
    var problems = site.worker.checkReadiness().check();

    // then
    assertThat(problems).singleElement().asString().startsWith("store: ");
  }

  @Test
  void aCheckWithABugIsNamed() throws InterruptedException {
    // given
    site.calls.before(
        PortCall.CHECK_STORE,
        () -> {
          throw new IllegalStateException("a bug");
        });

    // when
    var problems = site.worker.checkReadiness().check();

    // then
    assertThat(problems).containsExactly("store: java.lang.IllegalStateException: a bug");
  }

  @Test
  void checksThatHangAreBoundedByOneTimeoutTogetherAndEnded() throws InterruptedException {
    // given
    CountDownLatch ended = new CountDownLatch(2);
    Runnable hanging =
        () -> {
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            ended.countDown();
            Thread.currentThread().interrupt();
          }
        };
    site.calls.before(PortCall.CHECK_RUNTIME, hanging);
    site.calls.before(PortCall.CHECK_STORE, hanging);
    long begin = System.nanoTime();

    // when
    var problems = within(Duration.ofMillis(200)).check();

    // then
    assertThat(problems)
        .containsExactly("runtime: no response within 200 ms", "store: no response within 200 ms");
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
    ended.await();
  }
}
