package mstc.cloud.worker.adapters.local;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What Linux tells of processes beyond {@link ProcessHandle}: the environment they were started
 * with. A process, and what it starts, keep it wherever they are in the process tree.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc.5.html">proc(5)</a>
 */
final class LinuxProcesses {
  private static final Path PROC = Path.of("/proc");

  // Positions in /proc/<pid>/stat, counted from the state, the first after the program's name.
  private static final int STATE = 0;
  private static final int VIRTUAL_MEMORY = 20;
  private static final int ENVIRONMENT_END = 48;

  /** Whether this machine runs Linux. */
  static final boolean AVAILABLE = Files.isReadable(PROC.resolve("self/environ"));

  private LinuxProcesses() {}

  /** The processes found; undecided if some could not be read yet. */
  record Found(List<Long> pids, boolean undecided) {}

  /** The processes of this user that were started with an environment variable. */
  static Found withVariable(String variable, String value) {
    String wanted = "\0" + variable + "=" + value + "\0";
    List<Long> pids = new ArrayList<>();
    boolean undecided = false;
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path folder : folders) {
        Optional<String> environment = read(folder.resolve("environ"));
        if (environment.map(text -> ("\0" + text).contains(wanted)).orElse(false)) {
          pids.add(Long.parseLong(folder.getFileName().toString()));
        } else if (environment.map(String::isEmpty).orElse(false) && isBeingStarted(folder)) {
          undecided = true;
        }
      }
    } catch (IOException e) {
      // For example, too many open files: nothing is known, but a later look may succeed.
      return new Found(List.of(), true);
    }
    return new Found(pids, undecided);
  }

  /**
   * Whether a process is between its program's start and the moment when the kernel knows where its
   * environment is: its memory is there, the end of its environment is not.
   */
  private static boolean isBeingStarted(Path folder) {
    String[] fields = stat(folder);
    return fields.length > ENVIRONMENT_END
        && !fields[VIRTUAL_MEMORY].equals("0")
        && fields[ENVIRONMENT_END].equals("0")
        && !isOver(fields);
  }

  /** Whether a process has ended, though its parent has not asked for its exit status yet. */
  static boolean isZombie(long pid) {
    return isOver(stat(PROC.resolve(Long.toString(pid))));
  }

  private static boolean isOver(String[] fields) {
    return fields[STATE].equals("Z") || fields[STATE].equals("X");
  }

  private static String[] stat(Path folder) {
    String stat = read(folder.resolve("stat")).orElse("");
    // The program's name may contain spaces and parentheses; it ends at the last parenthesis.
    return stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
  }

  /** A file of a process; empty if the process is gone, or another user's. */
  private static Optional<String> read(Path file) {
    try {
      return Optional.of(Files.readString(file, ISO_8859_1));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
