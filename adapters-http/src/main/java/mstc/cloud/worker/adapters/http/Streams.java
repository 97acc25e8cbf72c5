package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.util.concurrent.Semaphore;
import mstc.cloud.worker.adapters.http.Answer.Length;
import mstc.cloud.worker.adapters.http.Answer.Streamed;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves what is streamed, and bounds how much of that there is at once, as each keeps a thread and
 * what it reads from.
 */
final class Streams {
  private static final Logger LOG = LoggerFactory.getLogger(Streams.class);

  private final int most;
  private final Semaphore free;

  Streams(int most) {
    this.most = most;
    this.free = new Semaphore(most);
  }

  /** How many there are now. */
  int count() {
    return most - free.availablePermits();
  }

  /** Serves a response to its end, or until its client is gone or the thread is interrupted. */
  void serve(Streamed answer, Request request, Response response, Callback callback) {
    boolean hasRoom = free.tryAcquire();
    try (Answer.Body _ = answer.body()) {
      if (!hasRoom) {
        Failures.PROBLEM
            .answer(503, "too many streams are open (mstc.http.max-streams)", Failures.RETRY_LATER)
            .writeTo(response, callback);
        return;
      }
      begin(answer, request, response);
      if (HttpMethod.HEAD.is(request.getMethod())) {
        callback.succeeded();
      } else {
        write(answer, request, response, callback);
      }
    } finally {
      if (hasRoom) {
        free.release();
      }
    }
  }

  private static void begin(Streamed answer, Request request, Response response) {
    Answer.begin(answer, response);
    if (answer.length() != Length.KNOWN) {
      // The watch loses what the client sends meanwhile.
      response.getHeaders().put("Connection", "close");
      if (request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_1) {
        response.getHeaders().put("Transfer-Encoding", "chunked");
      }
    }
  }

  private static void write(
      Streamed answer, Request request, Response response, Callback callback) {
    ResponseStream out = new ResponseStream(response);
    try {
      if (answer.length() == Length.KNOWN) {
        answer.body().writeTo(out);
      } else {
        try (var _ = ClientWatch.of(request)) {
          answer.body().writeTo(out);
        }
      }
      callback.succeeded();
    } catch (InterruptedException | IOException | RuntimeException e) {
      LOG.debug("A response is broken off: {}", e.toString());
      breakOff(answer, e, callback);
    }
  }

  /** The client must not take a part for the whole. */
  private static void breakOff(Streamed answer, Exception reason, Callback callback) {
    if (answer.length() == Length.ENDLESS) {
      callback.succeeded();
    } else {
      callback.failed(reason);
    }
  }
}
