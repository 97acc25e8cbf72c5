package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;

/** Streams of containers' logs, with a time where a line begins. */
interface LogSource {
  /** There is no log, and there will be none: the pod is gone. */
  final class GoneException extends IOException {
    private static final long serialVersionUID = 1L;

    GoneException(String message) {
      super(message);
    }
  }

  /**
   * Opens a stream of a pod's log.
   *
   * @param follow whether it goes on until the container ends
   * @param since from which second on; empty for the whole log
   * @throws GoneException where there is no such pod any more
   * @throws IOException where there is no stream now
   */
  InputStream open(String pod, String container, boolean follow, Optional<Instant> since)
      throws IOException;

  /**
   * What the newest of the log's files begins with: the kubelet rotates them, and gives no other.
   *
   * @return the time of its first line; empty where it has none
   * @throws GoneException where there is no such pod any more
   * @throws IOException where it cannot be told now
   */
  Optional<Instant> newestFileBegins(String pod, String container) throws IOException;
}
