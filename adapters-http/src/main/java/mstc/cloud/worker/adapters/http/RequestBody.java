package mstc.cloud.worker.adapters.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.thread.Invocable;

/** Reads the bodies of requests, each to its end and until its deadline. */
final class RequestBody {
  /** More than anyone sends by mistake, but too little to occupy the server for long. */
  private static final long MAX_DISCARDED_BYTES = 64L << 20;

  private RequestBody() {}

  /** The body did not arrive in time. */
  static final class LateException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** The client is gone, or what it sends is no body. */
  static final class BrokenException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * @param failure as the server gave it, as it knows of its own failures which are answered 400
     *     and which are worth a line of the log
     */
    private BrokenException(Throwable failure) {
      super(failure);
    }
  }

  /**
   * Reads a body to its end. What has arrived is read whatever the time. If the connection were
   * closed while the client still writes, it would be reset, and the client would never see the
   * response. Blocks.
   *
   * @param kept how many bytes of it are kept; more are read and discarded
   * @param deadline as {@link System#nanoTime} counts
   * @throws LateException if the rest had not arrived by the deadline
   * @throws BrokenException if there is no rest
   */
  static byte[] read(Content.Source body, int kept, long deadline)
      throws InterruptedException, LateException, BrokenException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    long discarded = 0;
    while (discarded <= MAX_DISCARDED_BYTES) {
      Content.Chunk chunk = body.read();
      if (chunk == null) {
        awaitMore(body, deadline - System.nanoTime());
        continue;
      }
      if (Content.Chunk.isFailure(chunk)) {
        throw new BrokenException(chunk.getFailure());
      }
      discarded += keep(chunk, kept - bytes.size(), bytes);
      boolean last = chunk.isLast();
      chunk.release();
      if (last) {
        break;
      }
    }
    return bytes.toByteArray();
  }

  private static void awaitMore(Content.Source body, long nanos)
      throws InterruptedException, LateException {
    CountDownLatch more = new CountDownLatch(1);
    body.demand(Invocable.from(Invocable.InvocationType.NON_BLOCKING, more::countDown));
    if (!more.await(nanos, TimeUnit.NANOSECONDS)) {
      throw new LateException();
    }
  }

  /** Returns how many bytes there was no room for. */
  private static int keep(Content.Chunk chunk, int room, ByteArrayOutputStream bytes) {
    ByteBuffer content = chunk.getByteBuffer();
    byte[] part = new byte[Math.min(room, content.remaining())];
    content.get(part);
    bytes.writeBytes(part);
    return content.remaining();
  }
}
