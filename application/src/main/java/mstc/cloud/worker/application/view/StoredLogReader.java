package mstc.cloud.worker.application.view;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectReader;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.view.LogReader;

/** Reads a log that was stored; its positions are numbers of bytes. */
final class StoredLogReader implements LogReader {
  private final ObjectLocation location;
  private final InputStream stream;
  private long read;

  private StoredLogReader(ObjectLocation location, InputStream stream) {
    this.location = location;
    this.stream = stream;
  }

  /** Empty if there is no such log. */
  static Optional<StoredLogReader> open(ObjectReader store, ObjectLocation location) {
    return store.read(location).map(stream -> new StoredLogReader(location, stream));
  }

  /**
   * Leaves out so many bytes, or all there are. Reads them, as the port cannot begin elsewhere.
   *
   * @throws ObjectStoreException when the store broke off
   */
  void skip(long bytes) {
    try {
      long left = bytes;
      while (left > 0) {
        long skipped = stream.skip(left);
        if (skipped == 0 && stream.read() < 0) {
          break;
        }
        left -= Math.max(skipped, 1);
      }
      read += bytes - Math.max(left, 0);
    } catch (IOException e) {
      throw brokenOff(e);
    }
  }

  /** The store's own limits of time hold, not the one that is given. */
  @Override
  public Result read(Duration atMost) {
    byte[] buffer = new byte[Piece.MAX_BYTES];
    try {
      int count = stream.readNBytes(buffer, 0, buffer.length);
      if (count == 0) {
        return new Result.End();
      }
      read += count;
      return new Result.More(
          new Piece(Arrays.copyOf(buffer, count), Long.toString(read), Optional.empty()));
    } catch (IOException e) {
      throw brokenOff(e);
    }
  }

  private ObjectStoreException brokenOff(IOException e) {
    return ObjectStoreException.retryable(
        "log %s broke off while it was read: %s".formatted(location, e.getMessage()), e);
  }

  @Override
  public void close() {
    try {
      stream.close();
    } catch (IOException e) {
      throw new UncheckedIOException("log " + location + " cannot be closed", e);
    }
  }
}
