package mstc.cloud.worker.adapters.local;

/** What tests ask of processes. */
final class TestProcesses {
  private TestProcesses() {}

  /** Whether a process runs; one that nobody has collected yet does not. */
  static boolean isAlive(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)
        && !(LinuxProcesses.AVAILABLE && LinuxProcesses.isZombie(pid));
  }
}
