package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder where logs wait for the object store: one folder per job, one log per pod in it. Knows
 * how much room is left.
 */
final class Spool implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Spool.class);

  /** From this part of the room on, no more jobs should come. */
  private static final double NEARLY_FULL = 0.8;

  /**
   * With less room than this on the disk, no more jobs should come: those that are under way go on
   * writing. Of a small disk it is a tenth. It is no share of a large one, as a spool of a few GiB
   * has room on a disk of which much more than that is left.
   */
  private static final long LEAST_USABLE_BYTES = 64 << 20;

  private static final String TRIAL_FILE = ".trial";
  private static final int TRIAL_BYTES = 64 * 1024;

  static final String LOG_SUFFIX = ".log";
  private static final String JOINED_LOG = "attempts" + LOG_SUFFIX;
  private static final String LOCK_FILE = ".lock";

  private final Path folder;
  private final Limits limits;
  private final Disk disk;
  private final AtomicLong usedBytes = new AtomicLong();

  /** Since a write failed, and none has succeeded. */
  private volatile boolean unwritable;

  private final FileChannel lockFile;

  /**
   * What logs may take.
   *
   * @param allBytes all of them together
   * @param jobBytes all that one job writes, so that none takes the room of the others
   */
  record Limits(long allBytes, long jobBytes) {}

  private Spool(Path folder, Limits limits, Disk disk, FileChannel lockFile) {
    this.folder = folder;
    this.limits = limits;
    this.disk = disk;
    this.lockFile = lockFile;
  }

  /**
   * Opens the spool as an earlier worker left it.
   *
   * @throws JobRuntimeException where the folder cannot be used
   */
  static Spool open(Path folder, Limits limits) {
    return open(folder, limits, Disk.REAL);
  }

  static Spool open(Path folder, Limits limits, Disk disk) {
    try {
      Files.createDirectories(folder);
      Spool spool = new Spool(folder, limits, disk, lock(folder));
      for (Path job : list(folder)) {
        for (Path file : list(job)) {
          spool.usedBytes.addAndGet(counted(file));
        }
      }
      return spool;
    } catch (IOException e) {
      throw JobRuntimeException.permanent("the spool " + folder + " cannot be used: " + e, e);
    }
  }

  /** Held until the spool is closed, or its worker has died. */
  private static FileChannel lock(Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(
            folder.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      LOG.debug("spool={} is locked by this process", folder);
    }
    channel.close();
    throw JobRuntimeException.permanent(
        "the spool %s is in use by another worker; give each its own mstc.scratch-dir"
            .formatted(folder),
        null);
  }

  private static List<Path> list(Path folder) throws IOException {
    List<Path> paths = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      entries.forEach(paths::add);
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    }
    return paths;
  }

  /** Beside logs there are notes about them, of a few bytes. */
  private static long counted(Path file) throws IOException {
    return file.toString().endsWith(LOG_SUFFIX) ? Files.size(file) : 0;
  }

  Path folder(String jobName) {
    return folder.resolve(jobName);
  }

  /**
   * The log of one pod, as far as it was written earlier.
   *
   * @param startedAt when its container started
   */
  SpooledLog log(String jobName, String podUid, Instant startedAt) throws IOException {
    Path jobFolder = Files.createDirectories(folder(jobName));
    Path file = jobFolder.resolve(podUid + LOG_SUFFIX);
    long ofOtherPods = 0;
    for (Path other : list(jobFolder)) {
      ofOtherPods += other.equals(file) ? 0 : counted(other);
    }
    return SpooledLog.open(this, file, startedAt, limits.jobBytes() - ofOtherPods);
  }

  /** A file beside a log, for as long as something is done with it. */
  Path sideFile(String jobName, String podUid, String purpose) throws IOException {
    return Files.createDirectories(folder(jobName)).resolve(podUid + "." + purpose);
  }

  /** Whether there is more of a log here than so many bytes, or as much. */
  boolean knowsMore(String jobName, String podUid, long bytes) throws IOException {
    long known = SpooledLog.markedBytes(folder(jobName).resolve(podUid + LOG_SUFFIX));
    return known > 0 && known >= bytes;
  }

  /**
   * Puts what another worker read of a log in place of what is here.
   *
   * @param read its bytes; moved
   * @param mark from where to go on
   */
  void replace(String jobName, String podUid, Path read, String mark) throws IOException {
    Path log = folder(jobName).resolve(podUid + LOG_SUFFIX);
    release(Files.exists(log) ? Files.size(log) : 0);
    take(Files.size(read));
    // Without its mark it counts for nothing.
    Files.deleteIfExists(SpooledLog.markFile(log));
    Files.move(read, log, StandardCopyOption.REPLACE_EXISTING);
    Files.writeString(SpooledLog.markFile(log), mark);
  }

  /** The logs of a job's other pods, which an earlier worker left; the oldest first, all closed. */
  List<SpooledLog> otherLogs(String jobName, Set<String> podUids) throws IOException {
    List<Path> files = new ArrayList<>();
    for (Path file : list(folder(jobName))) {
      String fileName = file.getFileName().toString();
      if (fileName.endsWith(LOG_SUFFIX)
          && !fileName.equals(JOINED_LOG)
          && !podUids.contains(fileName.substring(0, fileName.length() - LOG_SUFFIX.length()))) {
        files.add(file);
      }
    }
    List<SpooledLog> logs = new ArrayList<>();
    for (Path file : files) {
      SpooledLog log = SpooledLog.open(this, file, Instant.MIN, limits.jobBytes());
      log.close();
      logs.add(log);
    }
    logs.sort(Comparator.comparing(SpooledLog::began));
    return logs;
  }

  /** Where the logs of a job's attempts are put together. */
  Path joinedLog(String jobName) {
    return folder(jobName).resolve(JOINED_LOG);
  }

  /** Takes room for as many bytes as there is room for; the rest finds none. */
  int reserve(int bytes) {
    while (true) {
      long used = usedBytes.get();
      int granted = Math.clamp(limits.allBytes() - used, 0, bytes);
      if (granted == 0 || usedBytes.compareAndSet(used, used + granted)) {
        return granted;
      }
    }
  }

  /** Takes room whatever there is left, for the few bytes that tell about the lack of it. */
  void take(long bytes) {
    usedBytes.addAndGet(bytes);
  }

  void release(long bytes) {
    usedBytes.addAndGet(-bytes);
  }

  long usedBytes() {
    return usedBytes.get();
  }

  Limits limits() {
    return limits;
  }

  /**
   * Writes to a file of the spool.
   *
   * @throws UnwritableException where not all of it can be written
   */
  void write(FileChannel file, ByteBuffer bytes, long position) throws UnwritableException {
    try {
      long at = position;
      while (bytes.hasRemaining()) {
        at += disk.write(file, bytes, at);
      }
      unwritable = false;
    } catch (IOException e) {
      unwritable = true;
      throw new UnwritableException(e);
    }
  }

  /** The disk takes no more now; it may again later. */
  static final class UnwritableException extends IOException {
    private static final long serialVersionUID = 1L;

    UnwritableException(IOException cause) {
      super("the spool cannot be written: " + cause.getMessage(), cause);
    }
  }

  /** Why no more jobs should come; empty where they may. */
  Optional<String> nearlyFull() {
    long used = usedBytes.get();
    if (used >= limits.allBytes() * NEARLY_FULL) {
      return Optional.of(
          "the spool %s holds %d of at most %d bytes of logs"
              .formatted(folder, used, limits.allBytes()));
    }
    long total = disk.totalBytes(folder);
    long usable = disk.usableBytes(folder);
    if (total > 0 && usable < Math.min(LEAST_USABLE_BYTES, total / 10)) {
      return Optional.of(
          "the disk of the spool %s has room for %d bytes only".formatted(folder, usable));
    }
    return unwritable ? tryToWrite() : Optional.empty();
  }

  /** Where no log is being written, nothing else would tell that there is room again. */
  private Optional<String> tryToWrite() {
    Path trial = folder.resolve(TRIAL_FILE);
    try (FileChannel file =
        FileChannel.open(
            trial,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      write(file, ByteBuffer.allocate(TRIAL_BYTES), 0);
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of("the spool %s cannot be written: %s".formatted(folder, e.getMessage()));
    }
  }

  /** Removes what is there of a job. */
  void remove(String jobName) {
    try {
      for (Path file : list(folder(jobName))) {
        long bytes = counted(file);
        if (Files.deleteIfExists(file)) {
          release(bytes);
        }
      }
      Files.deleteIfExists(folder(jobName));
    } catch (NoSuchFileException e) {
      LOG.debug("job={} its spooled log is being removed already", jobName);
    } catch (IOException e) {
      LOG.warn("job={} its spooled log is not removed: {}", jobName, e.toString());
    }
  }

  /** Removes what is there of all other jobs. */
  void retain(Predicate<String> jobNames) {
    try {
      list(folder).stream()
          .map(path -> path.getFileName().toString())
          .filter(name -> !name.equals(LOCK_FILE))
          .filter(jobNames.negate())
          .forEach(this::remove);
    } catch (IOException e) {
      LOG.warn("spool={} old logs are not removed: {}", folder, e.toString());
    }
  }

  /** Leaves it to the next worker as it is. */
  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      LOG.warn("spool={} is not unlocked: {}", folder, e.toString());
    }
  }
}
