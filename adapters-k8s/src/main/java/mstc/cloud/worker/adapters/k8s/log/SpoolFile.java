package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;
import mstc.cloud.worker.domain.runtime.LogTexts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of a log in the spool. It reserves room as it grows, and is cut if there is none. Used
 * by one thread at a time.
 */
final class SpoolFile implements MergedText, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SpoolFile.class);

  private final Path path;
  private final FileChannel channel;
  private final SpoolRoom room;
  private final Share share;
  private final Consumer<String> gaps;
  private long size;

  /** Up to where it is the same as when it was last copied. */
  private long unchangedBytes = Long.MAX_VALUE;

  private boolean truncated;

  /**
   * A log's share of its job's room.
   *
   * @param bytes what the job's other logs leave of it
   * @param jobBytes all of it
   */
  record Share(long bytes, long jobBytes) {}

  private SpoolFile(
      Path path, FileChannel channel, SpoolRoom room, Share share, Consumer<String> gaps)
      throws IOException {
    this.path = path;
    this.channel = channel;
    this.room = room;
    this.share = share;
    this.gaps = gaps;
    this.size = channel.size();
  }

  /**
   * Opens it as it was left, or an empty one; room for its content is already reserved.
   *
   * @param gaps receives what is or may be missing
   */
  static SpoolFile open(Path path, SpoolRoom room, Share share, Consumer<String> gaps)
      throws IOException {
    FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    return new SpoolFile(path, channel, room, share, gaps);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean isTruncated() {
    return truncated;
  }

  /** If there is no room for all of it, a line says so. */
  @Override
  public void append(byte[] bytes, int offset, int length) throws IOException {
    if (truncated || length == 0) {
      return;
    }
    int allowed = Math.clamp(share.bytes() - size, 0, length);
    int granted = room.reserve(allowed);
    writeReserved(bytes, offset, granted);
    if (granted < length) {
      cut(
          granted < allowed
              ? "the spool may hold %d bytes".formatted(room.maxBytes())
              : LogTexts.jobLimit(share.jobBytes()));
    }
  }

  private void cut(String why) throws IOException {
    byte[] note = LogTexts.cutHere(why).getBytes(UTF_8);
    room.take(note.length);
    writeReserved(note, 0, note.length);
    truncated = true;
    LOG.warn("file={} the log is cut, as {}", path, why);
    gaps.accept(LogTexts.cut(why));
  }

  /** Appends what room was reserved for, or nothing: then the room is given back. */
  private void writeReserved(byte[] bytes, int offset, int length) throws IOException {
    try {
      room.write(channel, ByteBuffer.wrap(bytes, offset, length), size);
      size += length;
    } catch (SpoolRoom.UnwritableException e) {
      room.release(length);
      channel.truncate(size);
      throw e;
    }
  }

  @Override
  public void cutBack(long to) throws IOException {
    unchangedBytes = Math.min(unchangedBytes, to);
    if (size > to) {
      room.release(size - to);
      size = to;
      channel.truncate(to);
    }
  }

  @Override
  public void gap(String what) {
    gaps.accept(what);
  }

  @Override
  public Overwriting overwrite(long from) {
    return new Rewritten(from);
  }

  private final class Rewritten implements Overwriting {
    private final long sizeBefore = size;

    Rewritten(long from) {
      room.release(size - from);
      size = from;
    }

    /** Needs no more room, as it replaces what already has some. */
    @Override
    public void append(byte[] bytes, int offset, int length) throws IOException {
      room.write(channel, ByteBuffer.wrap(bytes, offset, length), size);
      room.take(length);
      size += length;
    }

    @Override
    public void keep(long same) throws IOException {
      unchangedBytes = Math.min(unchangedBytes, same);
      channel.truncate(size);
    }

    @Override
    public void undo() throws IOException {
      room.take(sizeBefore - size);
      size = sizeBefore;
      channel.truncate(size);
    }
  }

  /** Up to where it is the same as when it was last copied. */
  long unchangedBytes() {
    return unchangedBytes;
  }

  /**
   * Copies a part of it, even once it is closed.
   *
   * @param from its first byte
   * @param to the byte after its last
   */
  void copy(long from, long to, OutputStream out) throws IOException {
    unchangedBytes = Long.MAX_VALUE;
    try (FileChannel in = FileChannel.open(path, StandardOpenOption.READ)) {
      WritableByteChannel target = Channels.newChannel(out);
      long copied = from;
      while (copied < to) {
        long count = in.transferTo(copied, to - copied, target);
        if (count <= 0) {
          throw new EOFException(
              "%s has %d bytes, and %d by its mark".formatted(path, in.size(), to));
        }
        copied += count;
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
