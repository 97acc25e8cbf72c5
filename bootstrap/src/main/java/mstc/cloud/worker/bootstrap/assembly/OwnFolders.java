package mstc.cloud.worker.bootstrap.assembly;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.KubernetesSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.LocalSettings;

/** Where the worker writes on its machine, looked at before anything is started. */
final class OwnFolders {
  private OwnFolders() {}

  static List<Folder> of(WorkerConfiguration configuration) {
    return switch (configuration.runtime()) {
      case LocalSettings local ->
          List.of(
              new Folder("jobs", local.folder(), "mstc.runtime.local.folder or mstc.scratch-dir"));
      case KubernetesSettings kubernetes ->
          List.of(new Folder("logs", kubernetes.spool(), "mstc.scratch-dir"));
    };
  }

  /**
   * One of them.
   *
   * @param content what is kept there
   * @param settings the names of the settings that say where it is
   */
  record Folder(String content, Path path, String settings) {
    /**
     * Creates it where it is missing, and tries whether it can be written to.
     *
     * @throws IllegalStateException when it cannot
     */
    void requireUsable() {
      try {
        Files.createDirectories(path);
        Files.delete(Files.createTempFile(path, ".trial-", null));
      } catch (IOException e) {
        throw new IllegalStateException(
            "%s cannot be kept in %s: %s; set %s".formatted(content, path, reason(e), settings), e);
      }
    }

    private static String reason(IOException failure) {
      return switch (failure) {
        case FileAlreadyExistsException e -> e.getFile() + " is no folder";
        case FileSystemException e ->
            Optional.ofNullable(e.getReason()).orElse("it cannot be written to");
        default -> String.valueOf(failure.getMessage());
      };
    }
  }
}
