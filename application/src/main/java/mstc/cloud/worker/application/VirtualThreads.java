package mstc.cloud.worker.application;

/** What this worker's virtual threads, of which every job has several, need of the process. */
public final class VirtualThreads {
  /**
   * How many threads carry virtual threads; by default as many as there are processors. A virtual
   * thread that loads a class keeps its carrier even while it waits for a lock. If all carriers are
   * kept so, and the lock was given to a virtual thread that has none, nothing ever goes on.
   */
  private static final String CARRIERS = "jdk.virtualThreadScheduler.parallelism";

  private static final int ENOUGH_CARRIERS = 64;

  private VirtualThreads() {}

  /**
   * Has them carried by enough threads, unless the process was started with a number. A program
   * calls it first in its {@code main}: the number is read once, when the first of them is started.
   */
  public static void provideCarriers() {
    if (System.getProperty(CARRIERS) == null) {
      System.setProperty(CARRIERS, Integer.toString(ENOUGH_CARRIERS));
    }
  }
}
