package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.adapters.k8s.LogSource.Container;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest files of logs that another replica reads, {@linkplain Rotation held} before it stops
 * to, and not read until this replica leads: what is rotated away meanwhile is in them.
 */
final class AttachedLogs {
  private static final Logger LOG = LoggerFactory.getLogger(AttachedLogs.class);

  /** For opening them all: as long as a leader that stops waits for it. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /** Whoever does not lead by then will not, as another does. */
  private static final Duration KEPT = Duration.ofSeconds(30);

  private final LogSource source;
  private final ConcurrentMap<String, LogStream> streams = new ConcurrentHashMap<>();

  AttachedLogs(LogSource source) {
    this.source = source;
  }

  /** A container whose log is to be opened. */
  record Target(String podUid, Container container) {}

  /** Opens those logs. Blocks until they are open, or that takes too long. */
  void attach(List<Target> targets) throws InterruptedException {
    Map<String, LogStream> opened = new ConcurrentHashMap<>();
    ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("attach-", 0).factory());
    targets.forEach(target -> threads.execute(() -> attach(target, opened)));
    threads.shutdown();
    if (!threads.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
      LOG.debug("Not all logs are opened in time");
    }
    var _ = Thread.ofVirtual().name("detach").start(() -> closeLater(opened));
  }

  private void attach(Target target, Map<String, LogStream> opened) {
    try {
      LogStream stream = source.hold(target.container());
      opened.put(target.podUid(), stream);
      LogStream before = streams.put(target.podUid(), stream);
      if (before != null) {
        before.close();
      }
    } catch (IOException e) {
      LOG.debug("pod={} its log is not opened: {}", target.container().pod(), e.getMessage());
    }
  }

  /** Closes those that nobody took; what was opened for a later leader stays. */
  private void closeLater(Map<String, LogStream> opened) {
    try {
      Thread.sleep(KEPT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    opened.forEach((uid, stream) -> {
      if (streams.remove(uid, stream)) {
        stream.close();
      }
    });
  }

  /** Gives a pod's stream away; empty where there is none. */
  Optional<LogStream> take(String podUid) {
    return Optional.ofNullable(streams.remove(podUid));
  }

  /** Closes those that nobody took. */
  void close() {
    List.copyOf(streams.keySet()).forEach(uid -> take(uid).ifPresent(LogStream::close));
  }
}
