package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.adapters.k8s.log.LogSource.Container;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest files of logs that another replica reads, {@linkplain Rotation pinned} before it stops
 * reading, and left unread until this replica leads. They contain what is rotated away meanwhile.
 */
public final class AttachedLogs {
  private static final Logger LOG = LoggerFactory.getLogger(AttachedLogs.class);

  private final LogSource source;
  private final ConcurrentMap<String, LogStream> streams = new ConcurrentHashMap<>();

  public AttachedLogs(LogSource source) {
    this.source = source;
  }

  /** A container whose log is to be opened. */
  public record Target(String podUid, Container container) {}

  /** Opens those logs. Blocks until they are open or that has taken too long. */
  public void attach(List<Target> targets) throws InterruptedException {
    Map<String, LogStream> opened = new ConcurrentHashMap<>();
    ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("attach-", 0).factory());
    targets.forEach(target -> threads.execute(() -> attach(target, opened)));
    threads.shutdown();
    if (!threads.awaitTermination(LogTimes.ATTACHING.toMillis(), TimeUnit.MILLISECONDS)) {
      LOG.debug("Not all logs are opened in time");
    }
    var _ = Thread.ofVirtual().name("detach").start(() -> closeLater(opened));
  }

  private void attach(Target target, Map<String, LogStream> opened) {
    try {
      LogStream stream = source.pin(target.container());
      opened.put(target.podUid(), stream);
      LogStream before = streams.put(target.podUid(), stream);
      if (before != null) {
        before.close();
      }
    } catch (IOException e) {
      LOG.debug("pod={} its log is not opened: {}", target.container().pod(), e.getMessage());
    }
  }

  /** Closes those that nobody took, but not those opened for a later leader. */
  private void closeLater(Map<String, LogStream> opened) {
    try {
      Thread.sleep(LogTimes.ATTACHED);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    opened.forEach((uid, stream) -> {
      if (streams.remove(uid, stream)) {
        stream.close();
      }
    });
  }

  /** Gives away a pod's stream; empty if there is none. */
  public Optional<LogStream> take(String podUid) {
    return Optional.ofNullable(streams.remove(podUid));
  }

  /** Closes those that nobody took. */
  public void close() {
    List.copyOf(streams.keySet()).forEach(uid -> take(uid).ifPresent(LogStream::close));
  }
}
