package mstc.cloud.worker.faults.load;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A text that looks random and follows from its parameters. No two lines are alike, so that a byte
 * that is missing, duplicated or out of place is noticed. The job's script writes the same text.
 *
 * @param key what tells it from other texts
 * @param lines how many
 * @param repeat how often each line repeats its 32 digits
 */
public record KnownText(String key, int lines, int repeat) {
  private static final int NUMBER_AND_ENDS = 10;
  private static final int DIGITS = 32;

  /** A text of about that size in lines of about that length. */
  static KnownText ofSize(String key, long bytes, int lineBytes) {
    int repeat = Math.max(1, (lineBytes - NUMBER_AND_ENDS) / DIGITS);
    return new KnownText(key, (int) (bytes / lineBytes(repeat)), repeat);
  }

  private static int lineBytes(int repeat) {
    return NUMBER_AND_ENDS + DIGITS * repeat;
  }

  /** Its size. */
  public long bytes() {
    return (long) lines * lineBytes(repeat);
  }

  String line(int number) {
    byte[] digest = md5().digest((key + ":" + number).getBytes(US_ASCII));
    return "%08d %s\n".formatted(number, HexFormat.of().formatHex(digest).repeat(repeat));
  }

  private static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has MD5", e);
    }
  }

  /** Compares what is read with the text, byte by byte. */
  public Comparison compare() {
    return new Comparison();
  }

  /** How far consecutive bytes are those of the text. */
  public final class Comparison {
    private byte[] line = lines == 0 ? new byte[0] : line(0).getBytes(US_ASCII);
    private int number;
    private int position;
    private long bytes;
    private long same;

    /** Takes the next bytes. */
    public void add(byte[] buffer, int from, int to) {
      for (int i = from; i < to; i++) {
        if (same == bytes && isNext(buffer[i])) {
          same++;
        }
        bytes++;
      }
    }

    private boolean isNext(byte actual) {
      if (position == line.length) {
        number++;
        if (number >= lines) {
          return false;
        }
        line = line(number).getBytes(US_ASCII);
        position = 0;
      }
      return line[position++] == actual;
    }

    /** How many bytes there were. */
    public long bytes() {
      return bytes;
    }

    /** How many of the first of them are the text's. */
    public long same() {
      return same;
    }
  }
}
