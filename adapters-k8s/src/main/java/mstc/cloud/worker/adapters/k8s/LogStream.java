package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;

/** A log on its way. While nobody reads it, no more of it is asked for. */
interface LogStream extends AutoCloseable {
  /**
   * Reads what has come, without waiting for more.
   *
   * @return how many bytes; 0 where nothing has come since, -1 where nothing more will
   * @throws IOException where it broke off
   */
  int read(byte[] into) throws IOException;

  /**
   * Tells when there is something to be read, from now on.
   *
   * @param toCall called by other threads, and once too often rather than too rarely
   */
  void onArrival(Runnable toCall);

  @Override
  void close();
}
