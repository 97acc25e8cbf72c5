package mstc.cloud.worker.adapters.http;

import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.adapters.http.Resource.Call;

/** The header by which a request that is sent again is known. */
final class IdempotencyKey {
  private static final String HEADER = "Idempotency-Key";
  private static final int MAX_LENGTH = 255;

  private IdempotencyKey() {}

  /**
   * The key, if one is given.
   *
   * @throws BadRequestException if it cannot be one
   */
  static Optional<String> of(Call call) {
    List<String> keys = call.headers().getValuesList(HEADER);
    if (keys.size() > 1) {
      throw new BadRequestException(HEADER + " must be given once");
    }
    Optional<String> key = keys.stream().findFirst();
    if (key.filter(value -> value.isEmpty() || value.length() > MAX_LENGTH).isPresent()) {
      throw new BadRequestException(HEADER + " must have 1 to " + MAX_LENGTH + " characters");
    }
    return key;
  }
}
