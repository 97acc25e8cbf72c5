package mstc.cloud.worker.application.view;

import java.io.InputStream;
import java.util.Optional;
import mstc.cloud.worker.domain.store.ObjectLocation;

/** Reads the logs that were stored. */
@FunctionalInterface
public interface StoredLogs {

  /**
   * Opens a log; empty if there is none. Blocks until the store has responded. The caller closes
   * the stream; if the connection breaks while it is read, it throws {@link java.io.IOException}.
   *
   * @throws mstc.cloud.worker.domain.store.ObjectStoreException when the store failed
   */
  Optional<InputStream> read(ObjectLocation location);
}
