package mstc.cloud.worker.embedded;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves what version 0.1.0 stored, where an object's file had its key as its path, to the files of
 * {@link FileName}.
 *
 * <p>Nothing is copied, and it may be cut off at any time: the next start goes on. The folder of
 * buckets gets another name first; what is still in that one has yet to be moved.
 */
final class EarlierLayout {
  private static final Logger LOG = LoggerFactory.getLogger(EarlierLayout.class);

  /** In the folder of a store whose files are named by {@link FileName}. */
  private static final String MARKER = "layout-2";

  private final Path buckets;
  private final Path earlier;
  private final Path marker;

  private EarlierLayout(Path buckets) {
    this.buckets = buckets;
    this.earlier = buckets.resolveSibling("buckets-0.1.0");
    this.marker = buckets.resolveSibling(MARKER);
  }

  /**
   * Returns when every object of that folder of buckets has its file.
   *
   * @throws IOException when the folder cannot be written
   */
  static void moveOver(Path buckets) throws IOException {
    new EarlierLayout(buckets).moveOver();
  }

  private void moveOver() throws IOException {
    if (Files.notExists(marker)) {
      if (Files.exists(buckets)) {
        Files.move(buckets, earlier, StandardCopyOption.ATOMIC_MOVE);
      }
      Files.createFile(marker);
    }
    Files.createDirectories(buckets);
    if (Files.notExists(earlier)) {
      return;
    }
    try (var folders = Files.newDirectoryStream(earlier)) {
      for (Path folder : folders) {
        moveBucket(folder, buckets.resolve(folder.getFileName()));
      }
    }
    Files.delete(earlier);
    LOG.info("Moved the objects of version 0.1.0 to their new files folder={}", buckets);
  }

  private static void moveBucket(Path folder, Path bucket) throws IOException {
    if (Files.notExists(bucket)) {
      // With its permissions, which say who may read the bucket.
      Files.copy(folder, bucket, StandardCopyOption.COPY_ATTRIBUTES);
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            String key = folder.relativize(file).toString();
            Path place = bucket.resolve(FileName.ofKey(key));
            Files.createDirectories(place.getParent());
            Files.move(file, place, StandardCopyOption.ATOMIC_MOVE);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException cause)
              throws IOException {
            if (cause != null) {
              throw cause;
            }
            if (!directory.equals(folder)
                && attributes(directory).list().contains(Leftovers.ETAG_ATTRIBUTE)) {
              keepAsObject(
                  directory, bucket.resolve(FileName.ofKey(folder.relativize(directory) + "/")));
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** An empty object whose key ends with a slash was the folder itself. */
  private static void keepAsObject(Path directory, Path place) throws IOException {
    Files.createDirectories(place.getParent());
    Files.deleteIfExists(place);
    Files.createFile(place);
    UserDefinedFileAttributeView from = attributes(directory);
    for (String name : from.list()) {
      ByteBuffer value = ByteBuffer.allocate(from.size(name));
      from.read(name, value);
      attributes(place).write(name, value.flip());
    }
  }

  private static UserDefinedFileAttributeView attributes(Path path) {
    return Files.getFileAttributeView(path, UserDefinedFileAttributeView.class);
  }
}
