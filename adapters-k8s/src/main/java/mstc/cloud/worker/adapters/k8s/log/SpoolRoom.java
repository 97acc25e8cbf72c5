package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** How much room the logs in a spool take together, and how much is left. Used by any thread. */
final class SpoolRoom {
  /** Once this part of the room is taken, no more jobs should come. */
  private static final double NEARLY_FULL = 0.8;

  /**
   * With less room than this on the disk, no more jobs should come, as those that run go on
   * writing. On a small disk it is a tenth. It is not a share of a large disk: that could be much
   * more than a spool of a few GiB needs.
   */
  private static final long LEAST_USABLE_BYTES = 64 << 20;

  private static final String TRIAL_FILE = ".trial";
  private static final int TRIAL_BYTES = 64 * 1024;

  private final Path folder;
  private final long maxBytes;
  private final Disk disk;
  private final AtomicLong usedBytes = new AtomicLong();

  /** Whether a write has failed and none has succeeded since. */
  private volatile boolean unwritable;

  SpoolRoom(Path folder, long maxBytes, Disk disk) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.disk = disk;
  }

  /** Reserves as many of these bytes as there is room for. */
  int reserve(int bytes) {
    while (true) {
      long used = usedBytes.get();
      int granted = Math.clamp(maxBytes - used, 0, bytes);
      if (granted == 0 || usedBytes.compareAndSet(used, used + granted)) {
        return granted;
      }
    }
  }

  /** Reserves room even if none is left, for the few bytes that say so. */
  void take(long bytes) {
    usedBytes.addAndGet(bytes);
  }

  void release(long bytes) {
    usedBytes.addAndGet(-bytes);
  }

  long usedBytes() {
    return usedBytes.get();
  }

  long maxBytes() {
    return maxBytes;
  }

  /**
   * Writes to a file of the spool.
   *
   * @throws UnwritableException if not all of it can be written
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

  /** The disk takes no more now, but may later. */
  static final class UnwritableException extends IOException {
    private static final long serialVersionUID = 1L;

    UnwritableException(IOException cause) {
      super("the spool cannot be written: " + cause.getMessage(), cause);
    }
  }

  /** Why no more jobs should come; empty if they may. */
  Optional<String> nearlyFull() {
    long used = usedBytes.get();
    if (used >= maxBytes * NEARLY_FULL) {
      return Optional.of(
          "the spool %s holds %d of at most %d bytes of logs".formatted(folder, used, maxBytes));
    }
    long total = disk.totalBytes(folder);
    long usable = disk.usableBytes(folder);
    if (total > 0 && usable < Math.min(LEAST_USABLE_BYTES, total / 10)) {
      return Optional.of(
          "the disk of the spool %s has room for %d bytes only".formatted(folder, usable));
    }
    return unwritable ? tryToWrite() : Optional.empty();
  }

  /** If no log is being written, nothing else would show that there is room again. */
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
}
