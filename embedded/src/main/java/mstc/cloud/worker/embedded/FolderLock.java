package mstc.cloud.worker.embedded;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The right to be the only server of a folder, in this process and among all others.
 *
 * <p>The operating system releases it when the process ends, however it ends; the file stays.
 */
final class FolderLock implements AutoCloseable {
  private static final String FILE = "embedded.lock";

  private final FileChannel channel;

  private FolderLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Creates the folder if it is missing. */
  static FolderLock of(String server, Path folder) {
    FileChannel channel;
    try {
      Files.createDirectories(folder);
      channel =
          FileChannel.open(
              folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new EmbeddedServerException(
          "The embedded %s cannot write to its folder %s: %s. Make it writable, or configure another."
              .formatted(server, folder, e),
          e);
    }
    try {
      if (tryLock(channel) != null) {
        return new FolderLock(channel);
      }
      channel.close();
    } catch (IOException e) {
      throw new EmbeddedServerException(
          "The embedded %s cannot lock its folder %s: %s.".formatted(server, folder, e), e);
    }
    throw new EmbeddedServerException(
        ("The embedded %s cannot use the folder %s: another one, in this process or in another,"
                + " does. Stop that one, or configure another folder.")
            .formatted(server, folder),
        null);
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Held by this process, to which the operating system would grant it again.
      return null;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new EmbeddedServerException("A folder's lock could not be given back.", e);
    }
  }
}
