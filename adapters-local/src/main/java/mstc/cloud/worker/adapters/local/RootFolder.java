package mstc.cloud.worker.adapters.local;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of all jobs, each in a folder with its unique name; only this process uses it while it
 * is open.
 *
 * <p>A job is added and removed by one rename from or to {@code .temporary}, so that at any moment
 * it is there as a whole or not at all.
 */
final class RootFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RootFolder.class);

  private final Path path;
  private final Path temporary;
  private final FileChannel lockFile;

  private RootFolder(Path path, Path temporary, FileChannel lockFile) {
    this.path = path;
    this.temporary = temporary;
    this.lockFile = lockFile;
  }

  /**
   * Creates the folder if it is missing, and locks it for this process.
   *
   * @throws JobRuntimeException permanently, if another process uses it or it cannot be used
   */
  static RootFolder open(Path configured) {
    try {
      Path temporary = Files.createDirectories(configured.resolve(".temporary"));
      Path path = configured.toRealPath();
      FileChannel lockFile =
          FileChannel.open(
              path.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (!lock(lockFile)) {
        lockFile.close();
        throw JobRuntimeException.permanent(
            "the local runtime's root folder "
                + path
                + " is in use by another worker; give each its own mstc.runtime.local.folder or"
                + " mstc.scratch-dir",
            null);
      }
      return new RootFolder(path, temporary.toRealPath(), lockFile);
    } catch (IOException e) {
      throw JobRuntimeException.permanent(
          "the local runtime's root folder " + configured + " cannot be used: " + e, e);
    }
  }

  private static boolean lock(FileChannel file) throws IOException {
    try {
      // Held until the channel is closed or the process ends.
      FileLock lock = file.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  Path path() {
    return path;
  }

  JobFolder folder(UniqueName name) {
    return new JobFolder(path.resolve(name.value()));
  }

  /** The names of all jobs that have a folder. */
  List<UniqueName> names() throws IOException {
    try (Stream<Path> children = Files.list(path)) {
      return children.flatMap(child -> name(child.getFileName().toString())).toList();
    }
  }

  private static Stream<UniqueName> name(String fileName) {
    try {
      return Stream.of(new UniqueName(fileName));
    } catch (InvalidValueException e) {
      // Not a job's: a lost+found, or one of our own.
      return Stream.empty();
    }
  }

  /**
   * Adds a job's record: afterwards it is there as a whole, or there is an exception and no record.
   */
  void add(UniqueName name, byte[] record) throws IOException {
    JobFolder target = folder(name);
    if (Files.exists(target.path(), LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(
          target.path().toString(), null, "there is a folder without a readable record");
    }
    JobFolder source = new JobFolder(Files.createTempDirectory(temporary, "new-"));
    try {
      Files.createFile(source.log());
      Files.createDirectory(source.scratch(1));
      source.write(record);
      Files.move(source.path(), target.path(), StandardCopyOption.ATOMIC_MOVE);
      JobFolder.sync(path);
    } catch (IOException e) {
      if (Files.exists(target.path(), LinkOption.NOFOLLOW_LINKS)) {
        remove(name);
      } else {
        JobFolder.delete(source.path());
      }
      throw e;
    }
  }

  /** Removes a job's record. */
  void remove(UniqueName name) throws IOException {
    Path removed = Files.createTempDirectory(temporary, "old-");
    try {
      Files.move(
          folder(name).path(), removed.resolve(name.value()), StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      LOG.debug("job={} was removed by someone else", name);
    } finally {
      deleteTemporary(removed);
    }
  }

  /** What an earlier process had no time to delete or to record. */
  List<Path> leftovers() throws IOException {
    try (Stream<Path> children = Files.list(temporary)) {
      return children.toList();
    }
  }

  static void deleteTemporary(Path folder) {
    try {
      JobFolder.delete(folder);
    } catch (IOException e) {
      LOG.warn("folder {} is left until the next start: {}", folder, e.toString());
    }
  }

  @Override
  public void close() throws IOException {
    lockFile.close();
  }
}
