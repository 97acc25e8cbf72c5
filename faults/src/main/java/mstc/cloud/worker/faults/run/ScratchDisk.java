package mstc.cloud.worker.faults.run;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The folder of a worker's own files: on a small disk of its own if this machine allows mounting
 * one, so that it can be full.
 */
final class ScratchDisk implements AutoCloseable {
  private static final String SIZE = "256m";
  private static final String BALLAST = "ballast";
  private static final String LOCK_FILE = ".lock";
  private static final int CHUNK = 1 << 20;
  private static final int COMMAND_SECONDS = 20;

  private final Path folder;
  private final boolean mounted;

  private ScratchDisk(Path folder, boolean mounted) {
    this.folder = folder;
    this.mounted = mounted;
  }

  /** Creates the folder, and mounts a disk there if that is allowed. */
  static ScratchDisk create(Path folder) throws IOException, InterruptedException {
    Files.createDirectories(folder);
    boolean mounted =
        run("mount", "-t", "tmpfs", "-o", "size=" + SIZE, "mstc-faults", folder.toString());
    return new ScratchDisk(folder, mounted);
  }

  private static boolean run(String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      // There is no such command here.
      return false;
    }
  }

  Path folder() {
    return folder;
  }

  /** Why the disk cannot be filled; empty if it can. */
  Optional<String> whyNotToFill() {
    return mounted
        ? Optional.empty()
        : Optional.of("spools are not filled, as this user may not mount a tmpfs");
  }

  /** Leaves no byte of room. */
  void fill() throws IOException {
    byte[] chunk = new byte[CHUNK];
    int size = CHUNK;
    try (OutputStream out = Files.newOutputStream(folder.resolve(BALLAST))) {
      while (size > 0) {
        size = write(out, chunk, size) ? size : size / 2;
      }
    }
  }

  private static boolean write(OutputStream out, byte[] chunk, int size) {
    try {
      out.write(chunk, 0, size);
      return true;
    } catch (IOException e) {
      // There is no room for that much.
      return false;
    }
  }

  /** Gives the room back. */
  void empty() throws IOException {
    Files.deleteIfExists(folder.resolve(BALLAST));
  }

  /** Removes all files, as a new pod would have none. */
  void clear() throws IOException {
    for (Path path : walk().reversed()) {
      if (!path.equals(folder)) {
        Files.delete(path);
      }
    }
  }

  /** The files that are there. */
  List<Path> files() throws IOException {
    return walk().stream()
        .filter(Files::isRegularFile)
        .filter(file -> !file.getFileName().toString().equals(LOCK_FILE))
        .toList();
  }

  private List<Path> walk() throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      return paths.toList();
    }
  }

  @Override
  public void close() throws InterruptedException {
    if (mounted) {
      run("umount", "--lazy", folder.toString());
    }
  }
}
