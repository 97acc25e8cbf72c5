package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.util.Optional;

/** One or more requests to the store. */
@FunctionalInterface
interface StoreCall<T> {
  T run() throws IOException;

  /** The result of the call; empty if the server knows no such object, upload or bucket. */
  static <T> Optional<T> unlessMissing(StoreCall<T> call) throws IOException {
    try {
      return Optional.of(call.run());
    } catch (RefusedException e) {
      if (e.status() == 404) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
