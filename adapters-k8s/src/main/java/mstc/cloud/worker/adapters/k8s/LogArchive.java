package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps in the object store what has been read of logs, so that it outlives the worker that read
 * it: as segments in the output bucket, {@code .mstc/<job>/<pod's uid>/<segment>}, each a header
 * with the mark to go on from and the bytes before that mark. They are removed before the job's
 * answer is recorded.
 *
 * <p>A segment is never changed; a small one is replaced by a longer one. So whatever comes late
 * from a worker that stood still, or breaks off, the newest whole {@linkplain
 * LogSegment#newestChain chain} is a state that a worker once had.
 *
 * <p>Nothing is asked of the store for a job that no segment was written of and that no other
 * worker followed before.
 */
final class LogArchive {
  private static final Logger LOG = LoggerFactory.getLogger(LogArchive.class);

  /** What segments of all jobs begin with. */
  static final String PREFIX = ".mstc/";

  /** From this size on, a segment is not replaced by a longer one. */
  static final long WHOLE_SEGMENT_BYTES = 4L << 20;

  private static final String FORMAT = "mstc-log-segment/1";
  private static final int MAX_HEADER_LINE = 64 * 1024;
  private static final ObjectAttributes ATTRIBUTES =
      ObjectAttributes.ofType("application/octet-stream");

  private final ObjectStore store;
  private final String writer = UUID.randomUUID().toString().substring(0, 8);
  private final ConcurrentMap<UniqueName, Kept> jobs = new ConcurrentHashMap<>();

  LogArchive(ObjectStore store) {
    this.store = store;
  }

  /** What is in the store of one job. */
  private static final class Kept {
    private final Job job;
    private final Map<String, KeptLog> logs = new ConcurrentHashMap<>();

    /** Whether there may be segments that this worker did not write. */
    private volatile boolean inherited;

    /** Nothing more is written of it. */
    private volatile boolean over;

    private volatile boolean removed;

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

  /** What is in the store of one pod's log, by one thread at a time. */
  private static final class KeptLog {
    private final ReentrantLock lock = new ReentrantLock();
    private List<LogSegment> chain = List.of();
    private int lastNumber;

    /** Up to where the log is still as it was stored. */
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

    /** Forgets what is there, once what is being written is. */
    void forget() {
      lock.lock();
      try {
        chain = List.of();
      } finally {
        lock.unlock();
      }
    }

    /** What stays of the chain; the rest is written anew. */
    List<LogSegment> staying() {
      List<LogSegment> staying =
          chain.stream().takeWhile(segment -> segment.to() <= unchanged).toList();
      return !staying.isEmpty() && staying.getLast().bytes() < WHOLE_SEGMENT_BYTES
          ? staying.subList(0, staying.size() - 1)
          : staying;
    }
  }

  /** How many bytes of a log are in the store. */
  long keptBytes(UniqueName job, String podUid) {
    Kept kept = jobs.get(job);
    KeptLog log = kept == null ? null : kept.logs.get(podUid);
    return log == null ? 0 : log.bytes();
  }

  /**
   * Brings into the spool what another worker kept of a job's logs, where that is more than is
   * there.
   *
   * @throws ObjectStoreException when the store failed
   * @throws IOException when the spool cannot be written
   */
  void restore(Job job, Spool spool) throws IOException {
    jobs.computeIfAbsent(job.name(), name -> new Kept(job)).inherited = true;
    try {
      for (Map.Entry<String, List<LogSegment>> found : list(job).entrySet()) {
        restore(job, found.getKey(), found.getValue(), spool);
      }
    } catch (ObjectStoreException e) {
      requirePermanent(job, e);
    }
  }

  /** What a store refuses for good is as good as not there. */
  private static void requirePermanent(Job job, ObjectStoreException e) {
    if (e.isRetryable()) {
      throw e;
    }
    LOG.warn("Job {}: what was kept of its log is not to be had: {}", job.name(), e.getMessage());
  }

  private void restore(Job job, String podUid, List<LogSegment> segments, Spool spool)
      throws IOException {
    KeptLog kept = jobs.computeIfAbsent(job.name(), name -> new Kept(job)).log(podUid);
    List<LogSegment> chain = LogSegment.newestChain(segments);
    int newest = segments.stream().mapToInt(LogSegment::number).max().orElse(0);
    // Where this worker has something else, that is kept anew from its beginning.
    kept.begin(List.of(), newest);
    if (chain.isEmpty() || spool.knowsMore(job.name().value(), podUid, chain.getLast().to())) {
      return;
    }
    try {
      copy(job, podUid, chain, spool);
      kept.begin(chain, newest);
      LOG.info(
          "Job {}: {} bytes of its log are taken over from another worker",
          job.name(),
          chain.getLast().to());
    } catch (ObjectStoreException e) {
      requirePermanent(job, e);
    }
  }

  private void copy(Job job, String podUid, List<LogSegment> chain, Spool spool)
      throws IOException {
    Path restored = spool.sideFile(job.name().value(), podUid, "restored");
    String mark = "";
    try (OutputStream out = Files.newOutputStream(restored)) {
      for (LogSegment segment : chain) {
        ObjectLocation location = location(job, podUid, segment);
        try (InputStream in =
            new BufferedInputStream(
                store
                    .read(location)
                    .orElseThrow(
                        () -> ObjectStoreException.retryable(location + " has just gone", null)))) {
          mark = readHeader(in, location);
          long bytes = in.transferTo(out);
          if (bytes != segment.bytes()) {
            throw ObjectStoreException.retryable(
                "%s has %d bytes in place of %d".formatted(location, bytes, segment.bytes()), null);
          }
        }
      }
    }
    spool.replace(job.name().value(), podUid, restored, mark);
  }

  /**
   * Keeps a log up to its mark, unless what is kept of its job is being removed. Blocks.
   *
   * @throws ObjectStoreException when the store failed
   * @throws IOException when the spool cannot be read
   */
  void save(Job job, SpooledLog log, Spool spool) throws IOException {
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
                LogArchive::header);
      }
      List<LogSegment> staying = kept.staying();
      LogSegment segment =
          new LogSegment(
              kept.lastNumber + 1,
              writer,
              span.from(),
              span.to(),
              staying.isEmpty() ? Optional.empty() : Optional.of(staying.getLast().id()));
      store.put(location(job, log.podUid(), segment), copy, ATTRIBUTES);
      List<LogSegment> replaced = kept.chain.subList(staying.size(), kept.chain.size());
      List<LogSegment> chain = new ArrayList<>(staying);
      chain.add(segment);
      kept.begin(chain, segment.number());
      replaced.forEach(old -> store.delete(location(job, log.podUid(), old)));
    } finally {
      Files.deleteIfExists(copy);
    }
  }

  /**
   * Removes what is in the store of a job, as its log is stored. Asks the store for nothing where
   * there can be nothing.
   *
   * @throws ObjectStoreException when the store failed; may be repeated
   */
  void remove(Job job) {
    Kept kept = jobs.get(job.name());
    if (kept != null && kept.mayHaveSegments()) {
      kept.over = true;
      kept.logs.values().forEach(KeptLog::forget);
      store
          .list(job.request().outputBucket(), prefix(job.name()))
          .forEach(listed -> store.delete(listed.location()));
      if (kept.inherited) {
        // Of an upload that another worker began.
        store.discardUploads(job.logLocation());
      }
      kept.removed = true;
    }
  }

  /**
   * The job is answered, by this worker or another. What this one wrote too late for that to be
   * removed with the rest is removed now.
   */
  void finish(UniqueName job) {
    Kept kept = jobs.get(job);
    if (kept == null) {
      return;
    }
    try {
      remove(kept.job);
    } catch (ObjectStoreException e) {
      LOG.warn("Job {}: what was kept of its log stays in the store: {}", job, e.getMessage());
    } finally {
      jobs.remove(job);
    }
  }

  private Map<String, List<LogSegment>> list(Job job) {
    String prefix = prefix(job.name());
    return store.list(job.request().outputBucket(), prefix).stream()
        .map(ObjectListing::location)
        .map(location -> location.key().substring(prefix.length()).split("/", 2))
        .filter(path -> path.length == 2 && LogSegment.parse(path[1]).isPresent())
        .collect(
            Collectors.groupingBy(
                path -> path[0],
                Collectors.mapping(
                    path -> LogSegment.parse(path[1]).orElseThrow(), Collectors.toList())));
  }

  private static String prefix(UniqueName job) {
    return PREFIX + job + "/";
  }

  private static ObjectLocation location(Job job, String podUid, LogSegment segment) {
    BucketName bucket = job.request().outputBucket();
    return new ObjectLocation(bucket, prefix(job.name()) + podUid + "/" + segment.name());
  }

  /** What a segment begins with: how many lines the mark has, and the mark. */
  private static byte[] header(String mark) {
    return "%s %d\n%s\n".formatted(FORMAT, mark.lines().count(), mark).getBytes(UTF_8);
  }

  private static String readHeader(InputStream in, ObjectLocation location) throws IOException {
    String[] words = readLine(in).split(" ", -1);
    if (words.length != 2 || !words[0].equals(FORMAT)) {
      throw ObjectStoreException.permanent(location + " is no segment of a log", null);
    }
    List<String> mark = new ArrayList<>();
    for (int line = Integer.parseInt(words[1]); line > 0; line--) {
      mark.add(readLine(in));
    }
    return String.join("\n", mark);
  }

  private static String readLine(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0 || line.size() == MAX_HEADER_LINE) {
        throw new IOException("a segment's header breaks off");
      }
      line.write(next);
    }
    return line.toString(UTF_8);
  }
}
