package mstc.cloud.worker.adapters.s3;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.ContentStreamProvider;

/** A part of an open file, read anew for each attempt to send it. */
final class FilePart implements ContentStreamProvider {
  private final FileChannel file;
  private final long start;
  private final long length;

  FilePart(FileChannel file, long start, long length) {
    this.file = file;
    this.start = start;
    this.length = length;
  }

  RequestBody body(String contentType) {
    return RequestBody.fromContentProvider(this, length, contentType);
  }

  /** A stream that reads at positions of its own and needs no closing, as the file stays open. */
  @Override
  public InputStream newStream() {
    return new PartStream();
  }

  private final class PartStream extends InputStream {
    private long position = start;

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int wanted) throws IOException {
      long left = start + length - position;
      if (left == 0) {
        return -1;
      }
      int count =
          file.read(ByteBuffer.wrap(target, offset, (int) Math.min(wanted, left)), position);
      if (count < 0) {
        throw new IOException("The file became shorter while it was sent");
      }
      position += count;
      return count;
    }

    @Override
    public int available() {
      return (int) Math.min(Integer.MAX_VALUE, start + length - position);
    }
  }
}
