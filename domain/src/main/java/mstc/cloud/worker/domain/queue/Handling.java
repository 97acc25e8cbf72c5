package mstc.cloud.worker.domain.queue;

/** A delivery while it is with its handler. To be used by any thread. */
public interface Handling {

  /**
   * Whether the message is no longer this worker's: its connection is lost, and the broker gives
   * it, or has given it, to another. To be asked right before what must not be done twice.
   *
   * <p>What was lost long ago is noticed, too, by a process that stood still meanwhile: where the
   * broker has not been heard on for some seconds, it is asked. Blocks for no longer than the
   * broker may take for an answer; costs nothing where the delivery has just come.
   */
  boolean isVoid();

  /**
   * Says that from now on this delivery only waits, and takes no room from others: another may be
   * delivered in its place, if not at once for each that steps aside. May be repeated.
   *
   * @return false where so many wait already that this one keeps its room
   */
  boolean stepAside();

  /**
   * Takes room again after having stepped aside; true at once for one that has not.
   *
   * @return false where there is none now
   */
  boolean stepIn();
}
