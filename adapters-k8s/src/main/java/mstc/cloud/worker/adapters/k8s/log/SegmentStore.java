package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;

/**
 * The segments of logs as objects in the output bucket, {@code .mstc/<job>/<pod's uid>/<segment>}.
 * Each has a header with a mark, and the bytes before that mark.
 *
 * <p>Its methods block, and throw an {@link ObjectStoreException} when the store failed.
 */
final class SegmentStore {
  private static final String FORMAT = "mstc-log-segment/1";

  /** The smallest part that S3 allows: a longer file may be sent in parts. */
  static final long MOST_BYTES_IN_ONE_REQUEST = 5L << 20;

  /** Added to a segment's name, for the object that says that it may be sent in parts. */
  private static final String IN_PARTS = "-parts";

  private static final int MAX_HEADER_LINE = 64 * 1024;
  private static final ObjectAttributes ATTRIBUTES =
      ObjectAttributes.ofType("application/octet-stream");

  private final ObjectStore store;

  SegmentStore(ObjectStore store) {
    this.store = store;
  }

  /** Whether it can be reached and responds. */
  boolean isThere() {
    try {
      store.check();
      return true;
    } catch (ObjectStoreException e) {
      return false;
    }
  }

  /** A job's segments, by their pods' uids. */
  Map<String, List<LogSegment>> list(Job job) {
    String prefix = prefix(job.name());
    return store.list(job.work().outputBucket(), prefix).stream()
        .map(ObjectListing::location)
        .map(location -> location.key().substring(prefix.length()).split("/", 2))
        .filter(path -> path.length == 2 && LogSegment.parse(path[1]).isPresent())
        .collect(
            Collectors.groupingBy(
                path -> path[0],
                Collectors.mapping(
                    path -> LogSegment.parse(path[1]).orElseThrow(), Collectors.toList())));
  }

  /**
   * Reads a chain of them.
   *
   * @param into gets the log's bytes
   * @return the mark after the last one
   * @throws IOException when that cannot be written
   */
  String read(Job job, String podUid, List<LogSegment> chain, OutputStream into)
      throws IOException {
    String mark = "";
    for (LogSegment segment : chain) {
      ObjectLocation location = location(job, podUid, segment);
      try (InputStream in =
          new BufferedInputStream(
              store
                  .read(location)
                  .orElseThrow(
                      () -> ObjectStoreException.retryable(location + " has just gone", null)))) {
        mark = readHeader(in, location);
        long bytes = in.transferTo(into);
        if (bytes != segment.bytes()) {
          throw ObjectStoreException.retryable(
              "%s has %d bytes in place of %d".formatted(location, bytes, segment.bytes()), null);
        }
      }
    }
    return mark;
  }

  /**
   * Stores one. Parts that were sent of one that is never completed stay in the store, which may
   * not list them without the segment's name; so that is noted first.
   *
   * @param content its {@linkplain #header header} and its bytes
   * @throws IOException when no file can be written beside the content
   */
  void put(Job job, String podUid, LogSegment segment, Path content) throws IOException {
    ObjectLocation location = location(job, podUid, segment);
    if (Files.size(content) > MOST_BYTES_IN_ONE_REQUEST) {
      Path empty =
          Files.write(content.resolveSibling(content.getFileName() + IN_PARTS), new byte[0]);
      try {
        store.put(
            new ObjectLocation(location.bucket(), location.key() + IN_PARTS), empty, ATTRIBUTES);
      } finally {
        Files.delete(empty);
      }
    }
    store.put(location, content, ATTRIBUTES);
  }

  void delete(Job job, String podUid, LogSegment segment) {
    store.delete(location(job, podUid, segment));
  }

  /** Deletes all segments of a job, and parts of those that were not completed. */
  void deleteAll(Job job) {
    List<ObjectLocation> found =
        store.list(job.work().outputBucket(), prefix(job.name())).stream()
            .map(ObjectListing::location)
            .toList();
    found.stream().filter(location -> !isNote(location)).forEach(store::delete);
    for (ObjectLocation note : found.stream().filter(SegmentStore::isNote).toList()) {
      String segment = note.key().substring(0, note.key().length() - IN_PARTS.length());
      store.discardUploads(new ObjectLocation(note.bucket(), segment));
      store.delete(note);
    }
  }

  private static boolean isNote(ObjectLocation location) {
    return location.key().endsWith(IN_PARTS);
  }

  /** Discards uploads of a job's log that another worker began. */
  void discardUploads(Job job) {
    store.discardUploads(job.logLocation());
  }

  private static String prefix(UniqueName job) {
    return ObjectLocation.RESERVED_PREFIX + job + "/";
  }

  private static ObjectLocation location(Job job, String podUid, LogSegment segment) {
    BucketName bucket = job.work().outputBucket();
    return new ObjectLocation(bucket, prefix(job.name()) + podUid + "/" + segment.name());
  }

  /** What a segment begins with: the number of the mark's lines, and the mark. */
  static byte[] header(String mark) {
    return "%s %d\n%s\n".formatted(FORMAT, mark.lines().count(), mark).getBytes(UTF_8);
  }

  private static String readHeader(InputStream in, ObjectLocation location) throws IOException {
    String[] words = readLine(in).split(" ", -1);
    if (words.length != 2 || !words[0].equals(FORMAT)) {
      throw ObjectStoreException.permanent(location + " is no segment of a log", null);
    }
    List<String> mark = new ArrayList<>();
    for (int line = Integer.parseInt(words[1]); line > 0; line--) {
      mark.add(readLine(in));
    }
    return String.join("\n", mark);
  }

  private static String readLine(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0 || line.size() == MAX_HEADER_LINE) {
        throw new IOException("a segment's header breaks off");
      }
      line.write(next);
    }
    return line.toString(UTF_8);
  }
}
