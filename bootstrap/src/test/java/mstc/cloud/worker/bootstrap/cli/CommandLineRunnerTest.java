package mstc.cloud.worker.bootstrap.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;

class CommandLineRunnerTest {
  private static final long PATIENCE_SECONDS = 60;

  /** As many virtual threads as processors wait for a lock of another, and keep their carriers. */
  @Command(name = "waiting")
  static final class Waiting implements Callable<Integer> {
    private static final Object LOCK = new Object();
    private static final CountDownLatch LOCKED = new CountDownLatch(1);
    private static final CountDownLatch WAITING = new CountDownLatch(2);

    /** Runs the command in a process of its own. */
    public static void main(String[] arguments) {
      System.exit(CommandLineRunner.run(new Waiting(), arguments));
    }

    private static int awaitLock() {
      WAITING.countDown();
      synchronized (LOCK) {
        return 1;
      }
    }

    private static final class One {
      static final int VALUE = awaitLock();
    }

    private static final class Two {
      static final int VALUE = awaitLock();
    }

    @Override
    public Integer call() throws InterruptedException {
      Thread owner =
          Thread.startVirtualThread(() -> {
            synchronized (LOCK) {
              LOCKED.countDown();
              try {
                WAITING.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            }
          });
      LOCKED.await();
      Thread one = Thread.startVirtualThread(() -> assertThat(One.VALUE).isOne());
      Thread two = Thread.startVirtualThread(() -> assertThat(Two.VALUE).isOne());
      owner.join();
      one.join();
      two.join();
      return 0;
    }
  }

  @Test
  void virtualThreadsThatWaitWhileTheyLoadClassesStopNoOthers() throws Exception {
    // when
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:ActiveProcessorCount=2",
                "-cp",
                System.getProperty("java.class.path"),
                Waiting.class.getName())
            .inheritIO()
            .start();

    // then
    try {
      assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    } finally {
      process.destroyForcibly();
    }
  }
}
