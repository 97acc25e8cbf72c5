package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams of the logs that another replica reads, opened before it stops to, and not read from
 * until this replica leads: the kubelet keeps for them what is rotated away meanwhile.
 */
final class AttachedLogs {
  private static final Logger LOG = LoggerFactory.getLogger(AttachedLogs.class);

  /** For opening them all: as long as a leader that stops waits for it. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /** Whoever does not lead by then will not, as another does. */
  private static final Duration KEPT = Duration.ofSeconds(30);

  private final LogSource source;
  private final ConcurrentMap<String, Attached> streams = new ConcurrentHashMap<>();

  AttachedLogs(LogSource source) {
    this.source = source;
  }

  /**
   * One stream.
   *
   * @param askedAt when it was asked for
   * @param openedAt when it was there
   */
  record Attached(InputStream stream, Instant askedAt, Instant openedAt) {
    void close() {
      try {
        stream.close();
      } catch (IOException e) {
        LOG.debug("A stream was broken already: {}", e.toString());
      }
    }
  }

  /** A container whose log is to be opened. */
  record Target(String podUid, String pod, String container) {}

  /** Opens those that are not open yet. Blocks until they are, or that takes too long. */
  void attach(List<Target> targets) throws InterruptedException {
    ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("attach-", 0).factory());
    try {
      targets.forEach(target -> threads.execute(() -> attach(target)));
      threads.shutdown();
      if (!threads.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.debug("Not all logs are opened in time");
      }
    } finally {
      threads.shutdown();
    }
    var _ =
        Thread.ofVirtual()
            .name("detach")
            .start(() -> {
              try {
                Thread.sleep(KEPT);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              close();
            });
  }

  private void attach(Target target) {
    try {
      Attached opened = open(source, target.pod(), target.container(), true, Optional.empty());
      Attached before = streams.put(target.podUid(), opened);
      if (before != null) {
        before.close();
      }
    } catch (IOException e) {
      LOG.debug("pod={} its log is not opened: {}", target.pod(), e.getMessage());
    }
  }

  /** Opens a stream as {@link LogSource#open}. */
  static Attached open(
      LogSource source, String pod, String container, boolean follow, Optional<Instant> since)
      throws IOException {
    Instant askedAt = Instant.now();
    InputStream stream = source.open(pod, container, follow, since);
    return new Attached(stream, askedAt, Instant.now());
  }

  /** Gives a pod's stream away; empty where there is none. */
  Optional<Attached> take(String podUid) {
    return Optional.ofNullable(streams.remove(podUid));
  }

  /** Closes those that nobody took. */
  void close() {
    new ArrayList<>(streams.keySet()).forEach(uid -> take(uid).ifPresent(Attached::close));
  }
}
