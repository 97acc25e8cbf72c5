package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/** A disk with room for some bytes: what finds none fails, once what fits is written. */
final class FullDisk implements Disk {
  private static final long TOTAL_BYTES = 1L << 40;

  private final AtomicLong room = new AtomicLong(Long.MAX_VALUE);
  private volatile long usableBytes = TOTAL_BYTES;

  void setRoom(long bytes) {
    room.set(bytes);
  }

  void setUsable(long bytes) {
    usableBytes = bytes;
  }

  @Override
  public int write(FileChannel file, ByteBuffer bytes, long position) throws IOException {
    int fits = (int) Math.min(room.get(), bytes.remaining());
    if (fits == 0) {
      throw new IOException("No space left on device");
    }
    int written = file.write(bytes.slice(bytes.position(), fits), position);
    bytes.position(bytes.position() + written);
    room.addAndGet(-written);
    return written;
  }

  @Override
  public long usableBytes(Path folder) {
    return usableBytes;
  }

  @Override
  public long totalBytes(Path folder) {
    return TOTAL_BYTES;
  }
}
