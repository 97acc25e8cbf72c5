package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;

/** A log as it arrives. While nobody reads it, no more of it is requested. */
public interface LogStream extends AutoCloseable {
  /**
   * Reads what has arrived, without waiting for more.
   *
   * @return how many bytes; 0 if nothing has arrived since, -1 if nothing more will
   * @throws IOException if it broke off
   */
  int read(byte[] into) throws IOException;

  /**
   * From now on, reports when there is something to read.
   *
   * @param toCall called by other threads, sometimes without need
   */
  void onArrival(Runnable toCall);

  @Override
  void close();
}
