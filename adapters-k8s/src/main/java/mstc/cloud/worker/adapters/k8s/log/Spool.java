package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
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
import java.util.function.Predicate;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The folder where logs wait for the object store: one folder per job, one log per pod in it. */
public final class Spool implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Spool.class);

  private static final String JOINED_LOG = "attempts" + SpooledLog.SUFFIX;
  private static final String LOCK_FILE = ".lock";

  private final Path folder;
  private final Limits limits;
  private final SpoolRoom room;
  private final FileChannel lockFile;

  /**
   * How much room logs may take.
   *
   * @param allBytes all of them together
   * @param jobBytes all that one job writes, so that no job takes the room of others
   */
  public record Limits(long allBytes, long jobBytes) {}

  private Spool(Path folder, Limits limits, Disk disk, FileChannel lockFile) {
    this.folder = folder;
    this.limits = limits;
    this.room = new SpoolRoom(folder, limits.allBytes(), disk);
    this.lockFile = lockFile;
  }

  /**
   * Opens the spool as an earlier worker left it.
   *
   * @throws JobRuntimeException if the folder cannot be used
   */
  public static Spool open(Path folder, Limits limits) {
    return open(folder, limits, Disk.REAL);
  }

  static Spool open(Path folder, Limits limits, Disk disk) {
    try {
      Files.createDirectories(folder);
      Spool spool = new Spool(folder, limits, disk, lock(folder));
      for (Path job : list(folder)) {
        for (Path file : list(job)) {
          spool.room.take(counted(file));
        }
      }
      return spool;
    } catch (IOException e) {
      throw JobRuntimeException.permanent("the spool " + folder + " cannot be used: " + e, e);
    }
  }

  /** Held until the spool is closed or its worker has died. */
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

  /** The small notes beside logs are not counted. */
  private static long counted(Path file) throws IOException {
    return file.toString().endsWith(SpooledLog.SUFFIX) ? Files.size(file) : 0;
  }

  public Path folder(String jobName) {
    return folder.resolve(jobName);
  }

  /**
   * The log of one pod, as far as an earlier worker wrote it.
   *
   * @param startedAt when its container started
   */
  public SpooledLog log(String jobName, String podUid, Instant startedAt) throws IOException {
    Path jobFolder = Files.createDirectories(folder(jobName));
    Path file = jobFolder.resolve(podUid + SpooledLog.SUFFIX);
    long ofOtherPods = 0;
    for (Path other : list(jobFolder)) {
      ofOtherPods += other.equals(file) ? 0 : counted(other);
    }
    return SpooledLog.open(room, file, startedAt, share(limits.jobBytes() - ofOtherPods));
  }

  private SpoolFile.Share share(long bytes) {
    return new SpoolFile.Share(bytes, limits.jobBytes());
  }

  /** A file beside a log, for as long as some work on the log lasts. */
  Path sideFile(String jobName, String podUid, String purpose) throws IOException {
    return Files.createDirectories(folder(jobName)).resolve(podUid + "." + purpose);
  }

  /** Whether the spool has at least that many bytes of a log. */
  boolean knowsMore(String jobName, String podUid, long bytes) throws IOException {
    MarkFile mark = MarkFile.of(folder(jobName).resolve(podUid + SpooledLog.SUFFIX));
    long known = mark.read().map(LogMark::bytes).orElse(0L);
    return known > 0 && known >= bytes;
  }

  /**
   * Replaces what is here of a log by what another worker read of it.
   *
   * @param read its bytes; moved
   * @param mark the position to resume from
   */
  void replace(String jobName, String podUid, Path read, String mark) throws IOException {
    Path log = folder(jobName).resolve(podUid + SpooledLog.SUFFIX);
    Path markFile = MarkFile.of(log).path();
    room.release(Files.exists(log) ? Files.size(log) : 0);
    room.take(Files.size(read));
    // Without its mark it counts for nothing.
    Files.deleteIfExists(markFile);
    Files.move(read, log, StandardCopyOption.REPLACE_EXISTING);
    Files.writeString(markFile, mark);
  }

  /** The logs of a job's other pods, which an earlier worker left; the oldest first, all closed. */
  public List<SpooledLog> otherLogs(String jobName, Set<String> podUids) throws IOException {
    List<Path> files = new ArrayList<>();
    for (Path file : list(folder(jobName))) {
      String fileName = file.getFileName().toString();
      if (fileName.endsWith(SpooledLog.SUFFIX)
          && !fileName.equals(JOINED_LOG)
          && !podUids.contains(
              fileName.substring(0, fileName.length() - SpooledLog.SUFFIX.length()))) {
        files.add(file);
      }
    }
    List<SpooledLog> logs = new ArrayList<>();
    for (Path file : files) {
      SpooledLog log = SpooledLog.open(room, file, Instant.MIN, share(limits.jobBytes()));
      log.close();
      logs.add(log);
    }
    logs.sort(Comparator.comparing(SpooledLog::began));
    return logs;
  }

  /** Where the logs of a job's attempts are joined. */
  Path joinedLog(String jobName) {
    return folder(jobName).resolve(JOINED_LOG);
  }

  /** The room that all logs share. */
  SpoolRoom room() {
    return room;
  }

  /** How much room all logs take together. */
  public long usedBytes() {
    return room.usedBytes();
  }

  /** Why no more jobs should come; empty if they may. */
  public Optional<String> nearlyFull() {
    return room.nearlyFull();
  }

  /** Removes everything of that job. */
  public void remove(String jobName) {
    try {
      for (Path file : list(folder(jobName))) {
        long bytes = counted(file);
        if (Files.deleteIfExists(file)) {
          room.release(bytes);
        }
      }
      Files.deleteIfExists(folder(jobName));
    } catch (NoSuchFileException e) {
      LOG.debug("job={} its spooled log is being removed already", jobName);
    } catch (IOException e) {
      LOG.warn("job={} its spooled log is not removed: {}", jobName, e.toString());
    }
  }

  /** Removes everything of all other jobs. */
  public void retain(Predicate<String> jobNames) {
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

  /** Leaves the spool as it is to the next worker. */
  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      LOG.warn("spool={} is not unlocked: {}", folder, e.toString());
    }
  }
}
