package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/**
 * Streams of containers' logs, with a time at the beginning of each line. A container's log is a
 * sequence of files, as the kubelet rotates them, and only the newest can be opened.
 */
public interface LogSource {
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
   * Opens the newest file, to be read until the container ends: the stream continues with the next
   * file.
   *
   * @param since the second to begin with; empty for the whole file
   * @throws GoneException if the pod no longer exists
   * @throws IOException if there is no stream now
   */
  LogStream follow(Container container, Optional<Instant> since) throws IOException;

  /**
   * The same, to be read to the file's end at that time, whether it is still the newest or not.
   *
   * @throws GoneException if the pod no longer exists
   * @throws IOException if there is no stream now
   */
  LogStream read(Container container, Optional<Instant> since) throws IOException;

  /**
   * The same, of the whole file, to be left unread for a while: the kubelet then waits in the
   * middle of a long file.
   *
   * @throws GoneException if the pod no longer exists
   * @throws IOException if there is no stream now
   */
  LogStream pin(Container container) throws IOException;

  /**
   * What the newest file begins with.
   *
   * @return the time of its first line; empty if it has none
   * @throws GoneException if the pod no longer exists
   * @throws IOException if that cannot be found out now
   */
  Optional<Instant> newestFileBegins(Container container) throws IOException;
}
