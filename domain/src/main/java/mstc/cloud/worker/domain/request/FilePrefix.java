package mstc.cloud.worker.domain.request;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import mstc.cloud.worker.domain.InvalidValueException;

/**
 * What a client puts before the names of a job's objects.
 *
 * <p>At most 180 bytes of UTF-8: with the unique name appended, an object's last path segment must
 * stay below the 255 bytes that file systems allow, and so stores that keep objects on one.
 */
public record FilePrefix(String value) {
  private static final int MAX_BYTES = 180;

  public FilePrefix {
    if (value.isEmpty()
        || value.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES
        || !value.equals(value.strip())
        || value.codePoints().anyMatch(FilePrefix::isForbidden)
        || Arrays.stream(value.split("/", -1)).anyMatch(FilePrefix::isBadSegment)) {
      throw new InvalidValueException(
          value,
          "1 to 180 bytes of printable text without '\\', not beginning or ending with a space or"
              + " '/', without empty, '.' or '..' path segments");
    }
  }

  private static boolean isForbidden(int codePoint) {
    return codePoint == '\\'
        || codePoint == 0xFFFD
        || switch (Character.getType(codePoint)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR,
              Character.SURROGATE ->
              true;
          default -> false;
        };
  }

  private static boolean isBadSegment(String segment) {
    return segment.isEmpty() || segment.equals(".") || segment.equals("..");
  }

  @Override
  public String toString() {
    return value;
  }
}
