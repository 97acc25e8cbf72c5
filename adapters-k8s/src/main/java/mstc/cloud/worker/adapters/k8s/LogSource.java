package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/**
 * Streams of containers' logs, with a time where a line begins. A container's log is one file after
 * the other, as the kubelet rotates them, and only the newest of them can be opened.
 */
interface LogSource {
  /** There is no log, and there will be none: the pod is gone. */
  final class GoneException extends IOException {
    private static final long serialVersionUID = 1L;

    GoneException(String message) {
      super(message);
    }
  }

  /** One container of a pod. */
  record Container(String pod, String name) {}

  /**
   * Opens the newest file, to be read until the container's end: where another file begins, the
   * stream goes on there.
   *
   * @param since from which second on; empty for the whole file
   * @throws GoneException where there is no such pod any more
   * @throws IOException where there is no stream now
   */
  LogStream follow(Container container, Optional<Instant> since) throws IOException;

  /**
   * The same, to be read to the end that this file then has, be it the newest or not.
   *
   * @throws GoneException where there is no such pod any more
   * @throws IOException where there is no stream now
   */
  LogStream read(Container container, Optional<Instant> since) throws IOException;

  /**
   * The same, of the whole file, to be left unread for a while: the kubelet then waits in the
   * middle of a long one.
   *
   * @throws GoneException where there is no such pod any more
   * @throws IOException where there is no stream now
   */
  LogStream hold(Container container) throws IOException;

  /**
   * What the newest file begins with.
   *
   * @return the time of its first line; empty where it has none
   * @throws GoneException where there is no such pod any more
   * @throws IOException where it cannot be told now
   */
  Optional<Instant> newestFileBegins(Container container) throws IOException;
}
