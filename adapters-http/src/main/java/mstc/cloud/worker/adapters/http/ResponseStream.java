package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;

/** Writes a response bit by bit. A client that reads slowly delays whoever writes, nobody else. */
final class ResponseStream {
  private final Response response;

  ResponseStream(Response response) {
    this.response = response;
  }

  /**
   * Writes some bytes, and blocks until the client's connection has taken them.
   *
   * @throws IOException if the client is gone, or has not read for as long as a connection may idle
   */
  void write(byte[] bytes) throws IOException, InterruptedException {
    CompletableFuture<Void> written = new CompletableFuture<>();
    response.write(
        false,
        ByteBuffer.wrap(bytes),
        Callback.from(
            InvocationType.NON_BLOCKING,
            () -> written.complete(null),
            written::completeExceptionally));
    try {
      written.get();
    } catch (ExecutionException e) {
      throw new IOException("the client no longer reads", e.getCause());
    }
  }
}
