package mstc.cloud.worker.embedded;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes the files of objects that an earlier process was killed while writing. */
final class Leftovers {
  /** How the store marks a complete object; {@code user.} is part of the name that it chose. */
  static final String ETAG_ATTRIBUTE = "user.content-md5";

  private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);
  private static final Pattern UNFINISHED =
      Pattern.compile(".*-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", Pattern.DOTALL);

  private Leftovers() {}

  /** Only removes what is older than that moment, as the server runs meanwhile. */
  static void remove(Path folder, Instant before) {
    var latest = FileTime.from(before);
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              if (attributes.isRegularFile()
                  && attributes.lastModifiedTime().compareTo(latest) < 0
                  && UNFINISHED.matcher(file.getFileName().toString()).matches()
                  && !isComplete(file)) {
                Files.deleteIfExists(file);
                LOG.info("Removed a half-written object file={}", file);
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException cause) {
              // Deleted by a client meanwhile, or not ours to read.
              LOG.debug("Not looked at file={}", file, cause);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException cause) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      LOG.warn("Half-written objects may be left on the disk folder={}", folder, e);
    }
  }

  private static boolean isComplete(Path file) throws IOException {
    var view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
    return view == null || view.list().contains(ETAG_ATTRIBUTE);
  }
}
