package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStoreException;

/** An open file that is being sent, with the length that it had when it was opened. */
public final class FileContent implements AutoCloseable {
  private final RandomAccessFile file;
  private final long bytes;

  private FileContent(RandomAccessFile file, long bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /**
   * @throws ObjectStoreException permanent, when the file cannot be read
   */
  static FileContent open(ObjectLocation location, Path path) {
    try {
      var file = new RandomAccessFile(path.toFile(), "r");
      return new FileContent(file, file.length());
    } catch (IOException e) {
      throw ObjectStoreException.permanent(
          "Cannot store %s: the file %s cannot be read: %s"
              .formatted(location, path, e.getMessage()),
          e);
    }
  }

  /** How long the file was when it was opened. */
  public long bytes() {
    return bytes;
  }

  /** The file, positioned at that byte. */
  public RandomAccessFile from(long start) throws IOException {
    file.seek(start);
    return file;
  }

  /** The file, to be read at any position. */
  public FileChannel channel() {
    return file.getChannel();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
