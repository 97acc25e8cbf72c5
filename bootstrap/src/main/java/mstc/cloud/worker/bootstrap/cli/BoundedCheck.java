package mstc.cloud.worker.bootstrap.cli;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import mstc.cloud.worker.domain.diagnosis.Check;
import mstc.cloud.worker.domain.diagnosis.Finding;

/** Runs a check that may hang: what it waits for is given up after a while. */
final class BoundedCheck {
  private BoundedCheck() {}

  /** What the check found; a failure if it found nothing in time, or broke off. */
  static Finding run(Check check, Duration atMost) throws InterruptedException {
    FutureTask<Finding> task = new FutureTask<>(check.look()::run);
    Thread thread = Thread.ofVirtual().name("check " + check.name()).start(task);
    try {
      return task.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return new Finding.Failed(
          "no answer within %d s".formatted(atMost.toSeconds()),
          "see whether the service hangs, or a firewall on the way to it drops what is sent");
    } catch (ExecutionException e) {
      return new Finding.Failed(
          "the check broke off: " + e.getCause(), "report this as a defect of mstc doctor");
    } finally {
      thread.interrupt();
    }
  }
}
