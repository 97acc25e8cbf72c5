package mstc.cloud.worker.adapters.minio;

import io.minio.Http;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStoreException;

/** An open file that is being sent, as long as it was when it was opened. */
final class FileContent implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final RandomAccessFile file;
  private final long bytes;

  private FileContent(RandomAccessFile file, long bytes) {
    this.file = file;
    this.bytes = bytes;
  }

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

  long bytes() {
    return bytes;
  }

  /** The file, to be read from here. */
  RandomAccessFile from(long start) throws IOException {
    file.seek(start);
    return file;
  }

  static String checksumAlgorithm(boolean encrypted) {
    return encrypted ? "CRC32C" : "SHA256";
  }

  /**
   * The headers that sign this part of the file, and let the server check what it received. Over
   * plain HTTP the signature must cover the content, so its SHA-256 serves as the checksum too;
   * over TLS a CRC does.
   */
  Http.Headers checksum(long start, long length, boolean encrypted) throws IOException {
    var headers = new Http.Headers();
    if (encrypted) {
      var crc = new CRC32C();
      scan(start, length, crc::update);
      byte[] sum = ByteBuffer.allocate(Integer.BYTES).putInt((int) crc.getValue()).array();
      headers.put("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD");
      headers.put("X-Amz-Sdk-Checksum-Algorithm", "CRC32C");
      headers.put("X-Amz-Checksum-Crc32c", Base64.getEncoder().encodeToString(sum));
    } else {
      MessageDigest digest = newSha256();
      scan(start, length, digest::update);
      byte[] sum = digest.digest();
      headers.put("X-Amz-Content-Sha256", HexFormat.of().formatHex(sum));
      headers.put("X-Amz-Sdk-Checksum-Algorithm", "SHA256");
      headers.put("X-Amz-Checksum-Sha256", Base64.getEncoder().encodeToString(sum));
    }
    return headers;
  }

  private void scan(long start, long length, Consumer<ByteBuffer> reader) throws IOException {
    FileChannel channel = file.getChannel();
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    long end = start + length;
    for (long position = start; position < end; ) {
      buffer.clear().limit((int) Math.min(BUFFER_BYTES, end - position));
      int read = channel.read(buffer, position);
      if (read < 0) {
        throw new EOFException("The file became shorter while it was sent");
      }
      position += read;
      reader.accept(buffer.flip());
    }
  }

  private static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JVM has SHA-256", e);
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
