package mstc.cloud.worker.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where an object's file is in its bucket's folder, so that every key that S3 allows has a place of
 * its own.
 *
 * <p>A key is a path of files in folders, as its slashes say, and mostly its file has the same
 * name. A percent sign marks what differs:
 *
 * <ul>
 *   <li>The name of a folder ends with {@code %}, so that {@code a} and {@code a/b} both have a
 *       place: {@code a} and {@code a%/b}.
 *   <li>What has more than 160 bytes between two slashes is in several folders, of which all but
 *       the last end with {@code %+}. A file's name has at most 255 bytes, and the store adds to
 *       it.
 *   <li>A percent sign is {@code %25}. A dot at the beginning is {@code %2E}: there the file system
 *       and the store have names of their own.
 *   <li>Nothing after the last slash is {@code %empty}.
 * </ul>
 */
final class FileName {
  private static final int LONGEST_PIECE_BYTES = 160;
  private static final String FOLDER = "%";
  private static final String CONTINUED = "%+";
  private static final String EMPTY = "%empty";

  /** The store's own name for a part of an upload, or for an upload, with the key within. */
  private static final Pattern UPLOAD =
      Pattern.compile(
          "(\\.mpus-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-)(.*)(-(?:\\d+|stub))",
          Pattern.DOTALL);

  private FileName() {}

  /** The file of the object with that key, relative to its bucket's folder. */
  static String ofKey(String key) {
    Matcher upload = UPLOAD.matcher(key);
    if (upload.matches()) {
      return upload.group(1) + ofKey(upload.group(2)) + upload.group(3);
    }
    return ofPrefix(key) + (key.isEmpty() || key.endsWith("/") ? EMPTY : "");
  }

  /** What the files of all keys with that prefix begin with. */
  static String ofPrefix(String prefix) {
    var path = new StringBuilder();
    int start = 0;
    for (int slash = prefix.indexOf('/'); slash >= 0; slash = prefix.indexOf('/', start)) {
      append(path, prefix.substring(start, slash));
      path.append(FOLDER).append('/');
      start = slash + 1;
    }
    append(path, prefix.substring(start));
    return path.toString();
  }

  private static void append(StringBuilder path, String name) {
    int bytes = 0;
    for (int i = 0; i < name.length(); ) {
      int next = name.offsetByCodePoints(i, 1);
      String character = name.substring(i, next);
      String written = character.equals("%") ? "%25" : character;
      int size = written.getBytes(UTF_8).length;
      if (bytes + size > LONGEST_PIECE_BYTES) {
        path.append(CONTINUED).append('/');
        bytes = 0;
      }
      if (bytes == 0 && character.equals(".")) {
        written = "%2E";
      }
      path.append(written);
      bytes += size;
      i = next;
    }
  }

  /** The key of the object that has that file. */
  static String toKey(String path) {
    return path.replace(CONTINUED + "/", "")
        .replace(FOLDER + "/", "/")
        .replace(EMPTY, "")
        .replace("%2E", ".")
        .replace("%25", "%");
  }
}
