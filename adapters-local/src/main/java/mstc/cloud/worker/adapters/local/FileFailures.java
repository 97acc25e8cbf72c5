package mstc.cloud.worker.adapters.local;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;

/** What a failed access to a file means to the caller of the port. */
final class FileFailures {
  private FileFailures() {}

  /**
   * The failure of an access.
   *
   * @param what cannot be accessed
   */
  static JobRuntimeException of(String what, IOException e) {
    String message = what + ": " + e;
    boolean permanent =
        e instanceof AccessDeniedException || e instanceof FileAlreadyExistsException;
    return permanent
        ? JobRuntimeException.permanent(message, e)
        : JobRuntimeException.retryable(message, e);
  }
}
