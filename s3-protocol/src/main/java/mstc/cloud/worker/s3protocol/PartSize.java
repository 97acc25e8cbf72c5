package mstc.cloud.worker.s3protocol;

/**
 * How a file is cut into the parts of a multipart upload.
 *
 * <p>Parts are sent from the file, so their size costs no memory; a retry sends a whole part again.
 *
 * @see <a href="https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html">S3 multipart
 *     upload limits: 10,000 parts of 5 MiB to 5 GiB</a>
 */
public final class PartSize {
  /** Files up to this size are sent in one request, larger ones in parts of at least this size. */
  public static final long SMALLEST_BYTES = 8L << 20;

  private static final int MOST_PARTS = 10_000;
  private static final long MEBIBYTE = 1L << 20;

  private PartSize() {}

  /** The size in bytes of all parts except the last; a whole number of MiB. */
  static long forFileOf(long bytes) {
    long needed = Math.ceilDiv(bytes, MOST_PARTS);
    return Math.max(SMALLEST_BYTES, Math.ceilDiv(needed, MEBIBYTE) * MEBIBYTE);
  }
}
