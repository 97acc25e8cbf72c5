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
 * All processes of one job, wherever they are in the tree of processes.
 *
 * <p>Found are the descendants of every process that is known to be the job's and, on Linux, every
 * process whose environment carries the job's mark: those that were detached from the job's main
 * process, or that an earlier worker left. Not found is only what both got rid of its environment
 * and was detached before anyone looked.
 */
final class JobProcesses {
  /** The variable that holds a job's mark. */
  static final String MARK = "MSTC_JOB_MARK";

  /** How long processes are waited for that do not go when they are killed: blocked in a device. */
  private static final Duration KILL_PATIENCE = Duration.ofSeconds(10);

  /** After this time we look again, whether processes ended or not: others may have begun. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final String mark;

  /** Parents before their children, as far as that is known. */
  private final Set<ProcessHandle> known = new LinkedHashSet<>();

  JobProcesses(JobFolder folder) {
    mark = mark(folder);
  }

  /**
   * A text that only this job's processes have in their environment: the folder, not the name, as
   * workers with folders of their own may be given one message twice.
   */
  static String mark(JobFolder folder) {
    byte[] path = folder.path().toString().getBytes(StandardCharsets.UTF_8);
    return UUID.nameUUIDFromBytes(path).toString();
  }

  /** A process that is the job's. */
  void add(ProcessHandle process) {
    known.add(process);
  }

  /**
   * Asks all processes to terminate, and kills what is left after the grace.
   *
   * @return false where some process is left all the same
   */
  boolean terminate(Duration grace) {
    long deadline = System.nanoTime() + grace.toNanos();
    List<ProcessHandle> alive = alive();
    // Asked once: what a process starts in order to end well is left to do its work. Parents are
    // asked first: a shell that goes first does not report in the log that its child was
    // terminated.
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
   * @return false where some process is left all the same
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

  /** A zombie has ended; where this process is the machine's first, nobody may ever collect it. */
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
