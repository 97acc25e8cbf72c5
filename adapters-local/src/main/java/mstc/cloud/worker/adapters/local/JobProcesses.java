package mstc.cloud.worker.adapters.local;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * All processes of one job, wherever they are in the process tree.
 *
 * <p>It finds the descendants of every process that is known to be the job's and, on Linux, every
 * process whose environment contains the job's mark: those that were detached from the job's main
 * process, or left by an earlier worker. It only misses a process that both dropped its environment
 * and was detached before anyone looked.
 */
final class JobProcesses {
  /** The variable that contains a job's mark. */
  static final String MARK = "MSTC_JOB_MARK";

  /** How long to wait for processes that were killed and do not end: blocked in a device. */
  private static final Duration KILL_PATIENCE = Duration.ofSeconds(10);

  /** The time between looks, whether processes ended or not: others may have begun. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final String mark;

  /** Parents before their children, as far as that is known. */
  private final Set<ProcessHandle> known = new LinkedHashSet<>();

  JobProcesses(JobFolder folder) {
    mark = mark(folder);
  }

  /**
   * A text that only this job's processes have in their environment: the folder, not the name, as
   * workers with different folders may be given the same message.
   */
  static String mark(JobFolder folder) {
    byte[] path = folder.path().toString().getBytes(StandardCharsets.UTF_8);
    return UUID.nameUUIDFromBytes(path).toString();
  }

  /** Adds a process of the job. */
  void add(ProcessHandle process) {
    known.add(process);
  }

  /**
   * Asks all processes to terminate, and after the grace kills those that are left.
   *
   * @return false if some process is still left
   */
  boolean terminate(Duration grace) {
    long deadline = System.nanoTime() + grace.toNanos();
    List<ProcessHandle> alive = alive();
    // Asked once: what a process starts in order to end well may do its work. Parents are asked
    // first: a shell that ends first does not report in the log that its child was terminated.
    alive.forEach(ProcessHandle::destroy);
    while (!alive.isEmpty() && System.nanoTime() - deadline < 0) {
      awaitExit(alive, Duration.ofNanos(deadline - System.nanoTime()));
      alive = alive();
    }
    return kill();
  }

  /**
   * Kills all processes.
   *
   * @return false if some process is still left
   */
  boolean kill() {
    long deadline = System.nanoTime() + KILL_PATIENCE.toNanos();
    List<ProcessHandle> alive = alive();
    while (!alive.isEmpty() && System.nanoTime() - deadline < 0) {
      alive.forEach(ProcessHandle::destroyForcibly);
      awaitExit(alive, LOOK_AGAIN);
      alive = alive();
    }
    return alive.isEmpty();
  }

  private List<ProcessHandle> alive() {
    if (LinuxProcesses.AVAILABLE) {
      addMarked();
    }
    known.removeIf(process -> !isAlive(process));
    Set<ProcessHandle> all = new LinkedHashSet<>();
    for (ProcessHandle process : known) {
      if (all.add(process)) {
        process.descendants().forEach(all::add);
      }
    }
    all.remove(ProcessHandle.current());
    known.addAll(all);
    known.removeIf(process -> !isAlive(process));
    return List.copyOf(known);
  }

  private void addMarked() {
    LinuxProcesses.Found found = LinuxProcesses.withVariable(MARK, mark);
    long deadline = System.nanoTime() + LOOK_AGAIN.toNanos();
    while (found.undecided() && System.nanoTime() - deadline < 0) {
      Thread.onSpinWait();
      found = LinuxProcesses.withVariable(MARK, mark);
    }
    for (long pid : found.pids()) {
      ProcessHandle.of(pid).ifPresent(known::add);
    }
  }

  /** A zombie has ended; if this process is the machine's first, nobody may ever reap it. */
  private static boolean isAlive(ProcessHandle process) {
    return process.isAlive()
        && !(LinuxProcesses.AVAILABLE && LinuxProcesses.isZombie(process.pid()));
  }

  private static void awaitExit(List<ProcessHandle> processes, Duration atMost) {
    Duration time = atMost.compareTo(LOOK_AGAIN) < 0 ? atMost : LOOK_AGAIN;
    CompletableFuture<?>[] exits =
        processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new);
    CompletableFuture.allOf(exits)
        .completeOnTimeout(null, time.toNanos(), TimeUnit.NANOSECONDS)
        .join();
  }
}
