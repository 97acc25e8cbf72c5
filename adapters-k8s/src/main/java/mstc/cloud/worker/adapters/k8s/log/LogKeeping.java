package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when logs that are being read are kept in the archive: long ones from time to time, so
 * that only a bounded tail is lost with this worker, and all of them when it hands over.
 */
public final class LogKeeping implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogKeeping.class);

  /** Shorter logs are not kept: the kubelet has all of them, as it rotates at 10 MiB by default. */
  private static final long LONG_LOG_BYTES = 4L << 20;

  /** This much more of a long log is kept at once. */
  private static final long TAIL_BYTES = 4L << 20;

  /** This much more is kept {@linkplain LogTimes#KEPT_SOON soon}. */
  private static final long SHORT_TAIL_BYTES = 1L << 20;

  /** Bounds the connections and the copies in the spool. */
  private static final int MAX_WRITES = 8;

  private final LogArchive archive;
  private final Spool spool;
  private final Predicate<UniqueName> followed;
  private final ConcurrentMap<Path, Watched> logs = new ConcurrentHashMap<>();
  private final Semaphore writes = new Semaphore(MAX_WRITES);
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("keep-log-", 0).factory());
  private final Thread looking = Thread.ofVirtual().name("keep-logs").unstarted(this::look);

  /**
   * @param followed whether another worker would follow a job further, as far as this one knows
   */
  public LogKeeping(LogArchive archive, Spool spool, Predicate<UniqueName> followed) {
    this.archive = archive;
    this.spool = spool;
    this.followed = followed;
  }

  /** One log, and when it was last kept. */
  private static final class Watched {
    private final Job job;
    private final SpooledLog log;
    private final AtomicBoolean beingKept = new AtomicBoolean();
    private volatile long keptNanos = System.nanoTime();

    Watched(Job job, SpooledLog log) {
      this.job = job;
      this.log = log;
    }
  }

  public void start() {
    looking.start();
  }

  /** Keeps that log from now on, until its job is {@linkplain #forget forgotten}. */
  public void watch(Job job, SpooledLog log) {
    logs.put(log.file(), new Watched(job, log));
  }

  /** Stops keeping a job's logs. */
  public void forget(UniqueName job) {
    logs.values().removeIf(watched -> watched.job.name().equals(job));
  }

  private void look() {
    try {
      while (true) {
        Thread.sleep(LogTimes.KEEPING_LOOK);
        logs.values().stream().filter(this::isDue).forEach(this::keepSoon);
      }
    } catch (InterruptedException e) {
      LOG.debug("Logs are kept no longer");
    }
  }

  /** A log that is being kept is not asked: it would only respond once the store has. */
  private boolean isDue(Watched watched) {
    return !watched.beingKept.get()
        && isDue(
            watched.log.mark().bytes(),
            archive.keptBytes(watched.job.name(), watched.log.podUid()),
            Duration.ofNanos(System.nanoTime() - watched.keptNanos));
  }

  /**
   * Whether what has been read is to be kept now.
   *
   * @param bytes of the log, up to its mark
   * @param kept how many of them are kept
   * @param since the time since it was last kept, or since it began
   */
  static boolean isDue(long bytes, long kept, Duration since) {
    long unkept = bytes - kept;
    return bytes >= LONG_LOG_BYTES
        && (unkept >= TAIL_BYTES
            || (unkept >= SHORT_TAIL_BYTES && since.compareTo(LogTimes.KEPT_SOON) >= 0)
            || (unkept > 0 && since.compareTo(LogTimes.KEPT_AT_LAST) >= 0));
  }

  private void keepSoon(Watched watched) {
    if (!watched.beingKept.compareAndSet(false, true)) {
      return;
    }
    threads.execute(() -> {
      try {
        keep(watched);
      } catch (ObjectStoreException | IOException e) {
        LOG.debug("job={} its log is not kept now: {}", watched.job.name(), e.getMessage());
      } catch (InterruptedException e) {
        LOG.debug("job={} its log is kept no longer", watched.job.name());
      } finally {
        watched.beingKept.set(false);
      }
    });
  }

  private void keep(Watched watched) throws IOException, InterruptedException {
    if (followed.test(watched.job.name())) {
      writes.acquire();
      try {
        archive.save(watched.job, watched.log, spool);
        watched.keptNanos = System.nanoTime();
      } finally {
        writes.release();
      }
    }
    if (!followed.test(watched.job.name())) {
      // It stalled meanwhile, and nobody else will remove what it wrote.
      archive.finish(watched.job.name());
    }
  }

  /**
   * Keeps all logs to their ends, as this worker stops reading them. Blocks, but no longer than
   * that.
   */
  public void keepAll(Duration atMost) {
    looking.interrupt();
    List<Watched> all = new ArrayList<>(logs.values());
    all.forEach(watched ->
        threads.execute(() -> {
          try {
            keep(watched);
          } catch (ObjectStoreException | IOException e) {
            LOG.warn(
                "job={} what was read of its log is not handed over: {}",
                watched.job.name(),
                e.getMessage());
          } catch (InterruptedException e) {
            LOG.debug("job={} its log is not handed over in time", watched.job.name());
          }
        }));
    threads.shutdown();
    try {
      if (!threads.awaitTermination(atMost.toNanos(), TimeUnit.NANOSECONDS)) {
        LOG.warn("What was read of some logs is not handed over: the store took too long");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    looking.interrupt();
    threads.shutdownNow();
  }
}
