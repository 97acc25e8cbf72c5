package mstc.cloud.worker.domain.queue;

/** A delivery while it is with its handler. Any thread may use it. */
public interface Handling {

  /**
   * Whether the message is no longer this worker's: its connection is lost, and the broker has
   * given it to another worker or will do so. Ask this right before what must not be done twice.
   *
   * <p>A process that was paused also notices a loss of long ago: if nothing came from the broker
   * for some seconds, the broker is asked. Blocks for no longer than the broker may take to
   * respond; costs nothing if the delivery has just arrived.
   */
  boolean isVoid();

  /**
   * Says that from now on this delivery only waits, and takes no room from others: another may be
   * delivered in its place, though not always at once. May be repeated.
   *
   * @return false if so many have stepped aside that this one keeps its room
   */
  boolean stepAside();

  /**
   * Takes room again after having stepped aside; true at once for one that has not.
   *
   * @return false if there is none now
   */
  boolean stepIn();
}
