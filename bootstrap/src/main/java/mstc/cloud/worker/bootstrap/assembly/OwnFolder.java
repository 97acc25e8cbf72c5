package mstc.cloud.worker.bootstrap.assembly;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.adapters.local.LocalSettings;
import mstc.cloud.worker.bootstrap.settings.RuntimeSettings;

/** Where the worker writes on its machine, checked before anything is started. */
final class OwnFolder {
  private OwnFolder() {}

  /**
   * Creates it if it is missing, and checks that it can be written to.
   *
   * @throws IllegalStateException when it cannot; the message says which settings say where it is
   */
  static void requireUsable(RuntimeSettings runtime) {
    switch (runtime) {
      case RuntimeSettings.Local(LocalSettings local) ->
          requireUsable("jobs", local.root(), "mstc.runtime.local.folder or mstc.scratch-dir");
      case RuntimeSettings.Kubernetes(KubernetesSettings kubernetes) ->
          requireUsable("logs", kubernetes.spool(), "mstc.scratch-dir");
    }
  }

  private static void requireUsable(String content, Path path, String settings) {
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
