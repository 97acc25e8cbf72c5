package mstc.cloud.worker.domain.request;

import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;
import mstc.cloud.worker.domain.FieldHash;
import mstc.cloud.worker.domain.InvalidValueException;

/**
 * The SHA-256 of what a request asks for, in 64 lower-case hexadecimal digits. Two requests that
 * mean the same have the same digest, however they were written.
 *
 * <p>A request has the same digest in every version of the worker, so that a message that is
 * redelivered after an upgrade finds its job.
 */
public record RequestDigest(String value) {
  private static final Pattern SYNTAX = Pattern.compile("[0-9a-f]{64}");

  public RequestDigest {
    if (!SYNTAX.matcher(value).matches()) {
      throw new InvalidValueException(value, "64 hexadecimal digits in lower case");
    }
  }

  /**
   * The digest of a request whose fields were hashed; nothing may be added to the hash after that.
   */
  public static RequestDigest of(FieldHash fields) {
    return new RequestDigest(HexFormat.of().formatHex(fields.value()));
  }

  /** The digest in the text; empty if the text is not a digest. */
  public static Optional<RequestDigest> parse(String text) {
    return SYNTAX.matcher(text).matches() ? Optional.of(new RequestDigest(text)) : Optional.empty();
  }

  @Override
  public String toString() {
    return value;
  }
}
