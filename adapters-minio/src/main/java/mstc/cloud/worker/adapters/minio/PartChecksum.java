package mstc.cloud.worker.adapters.minio;

import io.minio.Http;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/** The headers that sign a section of a file, and let the server verify what it received. */
enum PartChecksum {
  /** Over TLS the signature need not cover the content, so a CRC does. */
  CRC32C {
    @Override
    void add(Http.Headers headers, FileChannel file, long start, long bytes) throws IOException {
      var crc = new CRC32C();
      scan(file, start, bytes, crc::update);
      byte[] sum = ByteBuffer.allocate(Integer.BYTES).putInt((int) crc.getValue()).array();
      headers.put(CONTENT_SHA256, UNSIGNED);
      headers.put(SDK_ALGORITHM, name());
      headers.put("X-Amz-Checksum-Crc32c", Base64.getEncoder().encodeToString(sum));
    }
  },

  /**
   * Over plain HTTP the signature must cover the content, so its SHA-256 serves as the checksum,
   * too.
   */
  SHA256 {
    @Override
    void add(Http.Headers headers, FileChannel file, long start, long bytes) throws IOException {
      MessageDigest digest = newDigest("SHA-256");
      scan(file, start, bytes, digest::update);
      byte[] sum = digest.digest();
      headers.put(CONTENT_SHA256, HexFormat.of().formatHex(sum));
      headers.put(SDK_ALGORITHM, name());
      headers.put("X-Amz-Checksum-Sha256", Base64.getEncoder().encodeToString(sum));
    }
  },

  /** Over TLS, with a header that S3 has always had. Without one minio-java adds a CRC. */
  MD5_OVER_TLS {
    @Override
    void add(Http.Headers headers, FileChannel file, long start, long bytes) throws IOException {
      MessageDigest md5 = newDigest("MD5");
      scan(file, start, bytes, md5::update);
      headers.put(CONTENT_SHA256, UNSIGNED);
      headers.put(CONTENT_MD5, Base64.getEncoder().encodeToString(md5.digest()));
    }
  },

  /** The same over plain HTTP. */
  MD5_OVER_HTTP {
    @Override
    void add(Http.Headers headers, FileChannel file, long start, long bytes) throws IOException {
      MessageDigest md5 = newDigest("MD5");
      MessageDigest sha256 = newDigest("SHA-256");
      scan(
          file,
          start,
          bytes,
          content -> {
            md5.update(content.duplicate());
            sha256.update(content);
          });
      headers.put(CONTENT_SHA256, HexFormat.of().formatHex(sha256.digest()));
      headers.put(CONTENT_MD5, Base64.getEncoder().encodeToString(md5.digest()));
    }
  };

  private static final String CONTENT_SHA256 = "X-Amz-Content-Sha256";
  private static final String CONTENT_MD5 = "Content-MD5";
  private static final String SDK_ALGORITHM = "X-Amz-Sdk-Checksum-Algorithm";
  private static final String UNSIGNED = "UNSIGNED-PAYLOAD";
  private static final int BUFFER_BYTES = 1 << 16;

  /**
   * @param checksumHeaders whether the server takes {@code x-amz-checksum-*} headers
   */
  static PartChecksum over(String scheme, boolean checksumHeaders) {
    boolean tls = scheme.equals("https");
    if (checksumHeaders) {
      return tls ? CRC32C : SHA256;
    }
    return tls ? MD5_OVER_TLS : MD5_OVER_HTTP;
  }

  /** Reads that section of the file, and returns its headers. */
  Http.Headers headers(FileChannel file, long start, long bytes) throws IOException {
    var headers = new Http.Headers();
    add(headers, file, start, bytes);
    return headers;
  }

  /** The headers that announce to a multipart upload what its parts will have. */
  Http.Headers announcement() {
    return switch (this) {
      case CRC32C, SHA256 -> new Http.Headers("X-Amz-Checksum-Algorithm", name());
      case MD5_OVER_TLS, MD5_OVER_HTTP -> new Http.Headers();
    };
  }

  abstract void add(Http.Headers headers, FileChannel file, long start, long bytes)
      throws IOException;

  private static void scan(FileChannel file, long start, long bytes, Consumer<ByteBuffer> reader)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    long end = start + bytes;
    for (long position = start; position < end; ) {
      buffer.clear().limit((int) Math.min(BUFFER_BYTES, end - position));
      int read = file.read(buffer, position);
      if (read < 0) {
        throw new EOFException("The file became shorter while it was sent");
      }
      position += read;
      reader.accept(buffer.flip());
    }
  }

  private static MessageDigest newDigest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JVM has " + algorithm, e);
    }
  }
}
