package mstc.cloud.worker.faults.load;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import mstc.cloud.worker.faults.history.Event.Part;

/**
 * Reads a stored log: that of the only attempt, or those of several with a line before each, {@code
 * === attempt 2 of 3, after exit code 5 ===}. If an attempt's log does not end with a line end, one
 * is added.
 *
 * @param bytes all of them, with the lines before the attempts
 */
public record StoredParts(long bytes, List<Part> parts) {
  private static final Pattern HEADER = Pattern.compile("=== attempt \\d+ of \\d+.* ===\n");
  private static final int LONGEST_HEADER = 1000;
  private static final byte HEADER_BEGIN = '=';

  public StoredParts {
    parts = List.copyOf(parts);
  }

  /** Reads a log of a job that writes that text, to its end. */
  public static StoredParts read(InputStream in, KnownText text) throws IOException {
    Reader reader = new Reader(text);
    byte[] buffer = new byte[64 * 1024];
    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
      reader.take(buffer, read);
    }
    return reader.end();
  }

  /** What was read so far. */
  private static final class Reader {
    private final KnownText text;
    private final List<Part> parts = new ArrayList<>();
    private final ByteArrayOutputStream header = new ByteArrayOutputStream();
    private KnownText.Comparison current;
    private boolean seenHeader;
    private boolean lineBegins = true;
    private boolean inHeader;
    private byte last;
    private long bytes;

    private Reader(KnownText text) {
      this.text = text;
      current = text.compare();
    }

    private void take(byte[] buffer, int length) {
      bytes += length;
      int from = 0;
      for (int i = 0; i < length; i++) {
        byte next = buffer[i];
        if (inHeader) {
          header.write(next);
          from = i + 1;
          if (next == '\n' || header.size() > LONGEST_HEADER) {
            endHeader();
          }
        } else if (lineBegins && next == HEADER_BEGIN) {
          add(buffer, from, i);
          inHeader = true;
          header.write(next);
          from = i + 1;
        }
        lineBegins = next == '\n';
      }
      add(buffer, from, length);
    }

    private void add(byte[] buffer, int from, int to) {
      if (to > from) {
        current.add(buffer, from, to);
        last = buffer[to - 1];
      }
    }

    private void endHeader() {
      inHeader = false;
      byte[] bytes = header.toByteArray();
      header.reset();
      if (HEADER.matcher(new String(bytes, US_ASCII)).matches()) {
        if (seenHeader || current.bytes() > 0) {
          parts.add(part());
        }
        seenHeader = true;
        current = text.compare();
      } else {
        add(bytes, 0, bytes.length);
      }
    }

    /** Without the line end that was added to the attempt's log. */
    private Part part() {
      boolean ended = current.same() == current.bytes() - 1 && last == '\n';
      return new Part(ended ? current.same() : current.bytes(), current.same());
    }

    private StoredParts end() {
      if (inHeader) {
        endHeader();
      }
      parts.add(new Part(current.bytes(), current.same()));
      return new StoredParts(bytes, parts);
    }
  }
}
