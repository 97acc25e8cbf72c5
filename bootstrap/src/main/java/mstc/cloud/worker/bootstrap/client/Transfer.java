package mstc.cloud.worker.bootstrap.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;

/** Moves files between this machine and the object store. */
public final class Transfer {
  private static final String ANY_TYPE = "application/octet-stream";

  private final ObjectStore store;
  private final Consumer<String> log;

  /**
   * @param log called with what was moved, a line each
   */
  public Transfer(ObjectStore store, Consumer<String> log) {
    this.store = store;
    this.log = log;
  }

  /**
   * Uploads a file under its own name.
   *
   * @throws IllegalStateException when there is no such file
   */
  public void upload(Path file, BucketName bucket) throws IOException {
    Path name = file.getFileName();
    if (name == null || !Files.isRegularFile(file)) {
      throw new IllegalStateException("there is no file " + file + " to upload");
    }
    ObjectLocation location = new ObjectLocation(bucket, name.toString());
    store.put(
        location,
        file,
        ObjectAttributes.ofType(
            Optional.ofNullable(Files.probeContentType(file)).orElse(ANY_TYPE)));
    log.accept("uploaded %s, %d bytes".formatted(location, Files.size(file)));
  }

  /**
   * Downloads all objects with that prefix, to files of the same relative path.
   *
   * @throws IllegalStateException when an object's name leads out of the folder
   */
  public void download(BucketName bucket, String prefix, Path folder) throws IOException {
    List<ObjectListing> objects = store.list(bucket, prefix);
    if (objects.isEmpty()) {
      log.accept("nothing in %s begins with \"%s\"".formatted(bucket, prefix));
    }
    Path root = folder.toAbsolutePath().normalize();
    for (ObjectListing object : objects) {
      Path file = root.resolve(object.location().key()).normalize();
      if (!file.startsWith(root) || file.equals(root)) {
        throw new IllegalStateException(
            "object " + object.location() + " is no file below " + folder);
      }
      Optional<InputStream> content = store.read(object.location());
      if (content.isPresent()) {
        Files.createDirectories(file.getParent());
        try (InputStream in = content.get()) {
          Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
        }
        log.accept("downloaded %s, %d bytes".formatted(object.location(), object.bytes()));
      }
    }
  }
}
