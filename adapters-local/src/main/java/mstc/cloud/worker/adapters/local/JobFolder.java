package mstc.cloud.worker.adapters.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.runtime.LogTexts;

/**
 * The folder of one job: its record {@code job.json}, what it wrote in {@code output.log}, and a
 * scratch folder for each attempt.
 *
 * <p>The record is replaced as a whole, by a rename, so that a reader finds the old or the new one.
 * What was written survives a power failure once the call has returned.
 */
record JobFolder(Path path) {
  private static final String RECORD = "job.json";

  /** Windows cannot open folders, and does not need that for a rename to last. */
  private static final boolean FOLDERS_ARE_SYNCED =
      !System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");

  StoredJob read(StoredJobJson json) throws IOException {
    return json.read(Files.readAllBytes(path.resolve(RECORD)));
  }

  void write(byte[] record) throws IOException {
    Path next = path.resolve(RECORD + ".next");
    try (FileChannel channel =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap(record);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(
        next,
        path.resolve(RECORD),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    sync(path);
  }

  /** What the job wrote, both streams of all attempts. */
  Path log() {
    return path.resolve("output.log");
  }

  /**
   * Drops everything after that many bytes of the job's output, and says so there.
   *
   * @return whether there was more
   */
  boolean cutLog(long bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(log(), StandardOpenOption.WRITE)) {
      if (channel.size() <= bytes) {
        return false;
      }
      channel.truncate(bytes);
    }
    Files.writeString(log(), LogTexts.cutHere(LogTexts.jobLimit(bytes)), StandardOpenOption.APPEND);
    return true;
  }

  /** When the job was put on record, as far as its folder tells. */
  Instant createdAt(StoredJob stored) throws IOException {
    // The folder itself changes later; this one was created with it, but may have been deleted.
    Path folder = Files.isDirectory(scratch(1)) ? scratch(1) : path;
    BasicFileAttributes first = Files.readAttributes(folder, BasicFileAttributes.class);
    Instant created = first.creationTime().toInstant().truncatedTo(ChronoUnit.MILLIS);
    // Not every file system remembers creation times.
    return stored.startNoted().filter(created::isAfter).orElse(created);
  }

  /** Where an attempt runs, and may leave files; each begins with an empty folder. */
  Path scratch(int attempt) {
    return path.resolve("scratch-" + attempt);
  }

  /** Tells a later worker which process was started last. */
  Path processNote() {
    return path.resolve("process");
  }

  /** Makes sure that what a folder lists survives a power failure. */
  static void sync(Path folder) throws IOException {
    if (FOLDERS_ARE_SYNCED) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  /** Deletes a file or a folder with all its content; links are not followed. */
  static void delete(Path target) throws IOException {
    if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      for (Path child : list(target)) {
        delete(child);
      }
    }
    Files.deleteIfExists(target);
  }

  private static List<Path> list(Path folder) throws IOException {
    // Some programs leave folders that even their owner cannot write to, such as Go's module cache.
    if (!Files.isWritable(folder) || !Files.isReadable(folder) || !Files.isExecutable(folder)) {
      boolean changed =
          folder.toFile().setReadable(true)
              && folder.toFile().setWritable(true)
              && folder.toFile().setExecutable(true);
      if (!changed) {
        throw new IOException("no permission to empty " + folder);
      }
    }
    try (Stream<Path> children = Files.list(folder)) {
      return children.toList();
    }
  }
}
