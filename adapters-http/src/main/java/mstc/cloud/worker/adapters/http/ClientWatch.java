package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * Interrupts the thread that made it when the client hangs up, so that nobody waits for hours for a
 * client that is gone.
 *
 * <p>While a request is in progress, nobody else reads from its connection, so this looks there
 * once a second. What a client sends meanwhile is lost; the connection must be closed after the
 * response.
 */
final class ClientWatch implements AutoCloseable {
  private static final int LOOK_SECONDS = 1;
  private static final int BUFFER_BYTES = 512;

  private final Thread thread = Thread.currentThread();
  private final EndPoint endPoint;
  private final Scheduler scheduler;
  private final ByteBuffer unwanted = BufferUtil.allocate(BUFFER_BYTES);
  private Scheduler.@Nullable Task next;
  private boolean closed;
  private boolean interrupted;

  /** Watches the client of a request. */
  static ClientWatch of(Request request) {
    return new ClientWatch(
        request.getConnectionMetaData().getConnection().getEndPoint(),
        request.getComponents().getScheduler());
  }

  private ClientWatch(EndPoint endPoint, Scheduler scheduler) {
    this.endPoint = endPoint;
    this.scheduler = scheduler;
    lookLater();
  }

  private synchronized void lookLater() {
    next = scheduler.schedule(this::look, LOOK_SECONDS, TimeUnit.SECONDS);
  }

  private synchronized void look() {
    if (closed) {
      return;
    }
    if (isGone()) {
      interrupted = true;
      thread.interrupt();
    } else {
      lookLater();
    }
  }

  private boolean isGone() {
    try {
      BufferUtil.clear(unwanted);
      return endPoint.fill(unwanted) < 0;
    } catch (IOException reset) {
      return true;
    }
  }

  /** Ends the watch; an interrupt of its own does not outlive it. */
  @Override
  public synchronized void close() {
    closed = true;
    if (next != null) {
      next.cancel();
    }
    if (interrupted) {
      var _ = Thread.interrupted();
    }
  }
}
