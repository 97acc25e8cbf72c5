package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps in the object store what has been read of logs, so that it outlives the worker that read
 * it. It is kept as {@linkplain SegmentStore segments}, each with a mark to resume from. They are
 * removed before the job's answer is recorded.
 *
 * <p>A segment is never changed; a small one is replaced by a longer one. So even if a stalled
 * worker writes late, or only in part, the newest complete {@linkplain LogSegment#newestChain
 * chain} is a state that some worker once had.
 *
 * <p>For a job without segments, which no other worker followed before, the store is never called.
 */
public final class LogArchive {
  private static final Logger LOG = LoggerFactory.getLogger(LogArchive.class);

  /** A segment of this size or more is not replaced by a longer one. */
  static final long WHOLE_SEGMENT_BYTES = 4L << 20;

  private final SegmentStore store;
  private final Duration patience;
  private final String writer = UUID.randomUUID().toString().substring(0, 8);
  private final ConcurrentMap<UniqueName, Kept> jobs = new ConcurrentHashMap<>();

  public LogArchive(ObjectStore store) {
    this(store, LogTimes.STORE_FAILS_FOR_ONE_JOB);
  }

  LogArchive(ObjectStore store, Duration patience) {
    this.store = new SegmentStore(store);
    this.patience = patience;
  }

  /** What the store has of one job. */
  private static final class Kept {
    private final Job job;
    private final Map<String, KeptLog> logs = new ConcurrentHashMap<>();

    /** Whether there may be segments that this worker did not write. */
    private volatile boolean inherited;

    /** No more segments are written for it. */
    private volatile boolean over;

    private volatile boolean removed;

    /** Since when the store has failed for this job, although the store was there. */
    private volatile Optional<Long> failingSinceNanos = Optional.empty();

    Kept(Job job) {
      this.job = job;
    }

    boolean mayHaveSegments() {
      return (inherited || !logs.isEmpty()) && !removed;
    }

    KeptLog log(String podUid) {
      return logs.computeIfAbsent(podUid, uid -> new KeptLog());
    }
  }

  /** What the store has of one pod's log; used by one thread at a time. */
  private static final class KeptLog {
    private final ReentrantLock lock = new ReentrantLock();
    private List<LogSegment> chain = List.of();
    private int lastNumber;

    /** Up to where the log is the same as what was stored. */
    private long unchanged = Long.MAX_VALUE;

    void begin(List<LogSegment> stored, int newestNumber) {
      lock.lock();
      try {
        chain = List.copyOf(stored);
        lastNumber = newestNumber;
        unchanged = Long.MAX_VALUE;
      } finally {
        lock.unlock();
      }
    }

    long bytes() {
      lock.lock();
      try {
        return chain.isEmpty() ? 0 : chain.getLast().to();
      } finally {
        lock.unlock();
      }
    }

    /** Forgets what is there, once a write in progress has ended. */
    void forget() {
      lock.lock();
      try {
        chain = List.of();
      } finally {
        lock.unlock();
      }
    }

    /** The part of the chain that stays; the rest is written anew. */
    List<LogSegment> staying() {
      List<LogSegment> staying =
          chain.stream().takeWhile(segment -> segment.to() <= unchanged).toList();
      return !staying.isEmpty() && staying.getLast().bytes() < WHOLE_SEGMENT_BYTES
          ? staying.subList(0, staying.size() - 1)
          : staying;
    }
  }

  /** How many bytes of a log are in the store. */
  public long keptBytes(UniqueName job, String podUid) {
    Kept kept = jobs.get(job);
    KeptLog log = kept == null ? null : kept.logs.get(podUid);
    return log == null ? 0 : log.bytes();
  }

  /**
   * Loads into the spool what another worker kept of a job's logs, if that is more than the spool
   * has.
   *
   * @throws ObjectStoreException when the store failed
   * @throws IOException when the spool cannot be written
   */
  public void restore(Job job, Spool spool) throws IOException {
    Kept kept = jobs.computeIfAbsent(job.name(), name -> new Kept(job));
    kept.inherited = true;
    try {
      for (Map.Entry<String, List<LogSegment>> found : store.list(job).entrySet()) {
        restore(job, found.getKey(), found.getValue(), spool);
      }
      kept.failingSinceNanos = Optional.empty();
    } catch (ObjectStoreException e) {
      requireGivenUp(kept, e);
      warnOfLoss(job, e);
    }
  }

  private static void warnOfLoss(Job job, ObjectStoreException e) {
    LOG.warn("job={} what was kept of its log is not to be had: {}", job.name(), e.getMessage());
  }

  /**
   * Returns only if the store refuses permanently, or has failed for this job for long although it
   * was there: then what it keeps counts as lost.
   */
  private void requireGivenUp(Kept kept, ObjectStoreException e) {
    if (!e.isRetryable()) {
      return;
    }
    if (!store.isThere()) {
      kept.failingSinceNanos = Optional.empty();
      throw e;
    }
    long now = System.nanoTime();
    long since = kept.failingSinceNanos.orElse(now);
    kept.failingSinceNanos = Optional.of(since);
    if (now - since < patience.toNanos()) {
      throw e;
    }
  }

  private void restore(Job job, String podUid, List<LogSegment> segments, Spool spool)
      throws IOException {
    Kept all = jobs.computeIfAbsent(job.name(), name -> new Kept(job));
    KeptLog kept = all.log(podUid);
    List<LogSegment> chain = LogSegment.newestChain(segments);
    int newest = segments.stream().mapToInt(LogSegment::number).max().orElse(0);
    // If this worker has something else, that is kept anew from its beginning.
    kept.begin(List.of(), newest);
    if (chain.isEmpty() || spool.knowsMore(job.name().value(), podUid, chain.getLast().to())) {
      return;
    }
    try {
      copy(job, podUid, chain, spool);
      kept.begin(chain, newest);
      LOG.info(
          "job={} {} bytes of its log are taken over from another worker",
          job.name(),
          chain.getLast().to());
    } catch (ObjectStoreException e) {
      requireGivenUp(all, e);
      warnOfLoss(job, e);
    }
  }

  private void copy(Job job, String podUid, List<LogSegment> chain, Spool spool)
      throws IOException {
    Path restored = spool.sideFile(job.name().value(), podUid, "restored");
    String mark;
    try (OutputStream out = Files.newOutputStream(restored)) {
      mark = store.read(job, podUid, chain, out);
    }
    spool.replace(job.name().value(), podUid, restored, mark);
  }

  /**
   * Keeps a log up to its mark, unless the segments of its job are being removed. Blocks.
   *
   * @throws ObjectStoreException when the store failed
   * @throws IOException when the spool cannot be read
   */
  public void save(Job job, SpooledLog log, Spool spool) throws IOException {
    String podUid = log.podUid();
    Kept all = jobs.computeIfAbsent(job.name(), name -> new Kept(job));
    KeptLog kept = all.log(podUid);
    kept.lock.lock();
    try {
      if (!all.over) {
        write(job, log, kept, spool.sideFile(job.name().value(), podUid, "segment"));
      }
    } finally {
      kept.lock.unlock();
    }
  }

  private void write(Job job, SpooledLog log, KeptLog kept, Path copy) throws IOException {
    try {
      SpooledLog.Span span;
      try (OutputStream out = Files.newOutputStream(copy)) {
        span =
            log.copy(
                out,
                unchanged -> {
                  kept.unchanged = Math.min(kept.unchanged, unchanged);
                  List<LogSegment> staying = kept.staying();
                  return staying.isEmpty() ? 0 : staying.getLast().to();
                },
                SegmentStore::header);
      }
      List<LogSegment> staying = kept.staying();
      LogSegment segment =
          new LogSegment(
              kept.lastNumber + 1,
              writer,
              span.from(),
              span.to(),
              staying.isEmpty() ? Optional.empty() : Optional.of(staying.getLast().id()));
      store.put(job, log.podUid(), segment, copy);
      List<LogSegment> replaced = kept.chain.subList(staying.size(), kept.chain.size());
      List<LogSegment> chain = new ArrayList<>(staying);
      chain.add(segment);
      kept.begin(chain, segment.number());
      replaced.forEach(old -> store.delete(job, log.podUid(), old));
    } finally {
      Files.deleteIfExists(copy);
    }
  }

  /**
   * Removes a job's segments, as its log is stored. Does not call the store if there can be none.
   *
   * @throws ObjectStoreException when the store failed; may be repeated
   */
  void remove(Job job) {
    Kept kept = jobs.get(job.name());
    if (kept != null && kept.mayHaveSegments()) {
      kept.over = true;
      kept.logs.values().forEach(KeptLog::forget);
      store.deleteAll(job);
      if (kept.inherited) {
        store.discardUploads(job);
      }
      kept.removed = true;
    }
  }

  /**
   * As {@link #remove}, but leaves what the store refuses to remove, or what it has failed to
   * remove for this job alone and for long: the answer matters more.
   *
   * @throws ObjectStoreException when the store failed; to be repeated
   */
  public void removeOrLeave(Job job) {
    try {
      remove(job);
    } catch (ObjectStoreException e) {
      requireGivenUp(jobs.computeIfAbsent(job.name(), name -> new Kept(job)), e);
      LOG.warn(
          "job={} what was kept of its log stays in the store: {}", job.name(), e.getMessage());
    }
  }

  /**
   * The job is answered, by this worker or another. Removes what this one wrote too late to be
   * removed with the rest.
   */
  public void finish(UniqueName job) {
    Kept kept = jobs.get(job);
    if (kept == null) {
      return;
    }
    try {
      remove(kept.job);
    } catch (ObjectStoreException e) {
      LOG.warn("job={} what was kept of its log stays in the store: {}", job, e.getMessage());
    } finally {
      jobs.remove(job);
    }
  }
}
