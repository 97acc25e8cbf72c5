package mstc.cloud.worker.domain.job;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.regex.Pattern;
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.request.FilePrefix;
import mstc.cloud.worker.domain.request.WorkRequest;

/**
 * The SHA-256 of what a request asks for, in 64 lower-case hexadecimal digits. Two requests that
 * mean the same have the same digest, however they were spelled.
 *
 * <p>A request has the same digest in every version, so that a message delivered again across an
 * upgrade finds its job. So the fields that are hashed by position are frozen: none is added or
 * taken away. Every later field of requests is one of the {@code laterFields}: its name in the
 * contract and its value as text, only where a request gives it and it is not the default. What is
 * in a list or an object has names of its own, such as {@code inputs[0].path}.
 */
public record RequestDigest(String value) {
  private static final Pattern SYNTAX = Pattern.compile("[0-9a-f]{64}");

  public RequestDigest {
    if (!SYNTAX.matcher(value).matches()) {
      throw new InvalidValueException(value, "64 hexadecimal digits in lower case");
    }
  }

  /** The digest of a request. */
  public static RequestDigest of(WorkRequest request) {
    // Nothing can be given yet that is not one of the frozen fields.
    return of(request, Collections.emptySortedMap());
  }

  /**
   * @param laterFields names and values of what a request gives beyond the frozen fields
   */
  static RequestDigest of(WorkRequest request, SortedMap<String, String> laterFields) {
    Hash hash = new Hash();
    hash.text(request.image().value());
    hash.text(request.jobName().value());
    hash.text(request.inputBucket().value());
    hash.text(request.outputBucket().value());
    hash.text(request.timeout().toString());
    hash.optional(request.prefix().map(FilePrefix::value));
    hash.texts(request.command());
    hash.texts(request.args());
    hash.map(request.env());
    hash.optional(request.resources().cores().map(BigDecimal::toPlainString));
    hash.optional(request.resources().memoryBytes().map(BigDecimal::toPlainString));
    hash.texts(request.resources().gpu().stream().mapToObj(Integer::toString).toList());
    hash.text(Integer.toString(request.retries()));
    hash.map(request.labels());
    laterFields.forEach((name, value) -> {
      hash.text(name);
      hash.text(value);
    });
    return new RequestDigest(HexFormat.of().formatHex(hash.value()));
  }

  /** The digest that was written; empty where the text is none. */
  public static Optional<RequestDigest> parse(String text) {
    return SYNTAX.matcher(text).matches() ? Optional.of(new RequestDigest(text)) : Optional.empty();
  }

  /**
   * SHA-256 over values that are each preceded by their length, so that no two lists look alike.
   */
  static final class Hash {
    private final MessageDigest sha256;

    Hash() {
      try {
        sha256 = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError("every Java platform has SHA-256", e);
      }
    }

    void text(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      number(bytes.length);
      sha256.update(bytes);
    }

    void texts(List<String> texts) {
      number(texts.size());
      texts.forEach(this::text);
    }

    void optional(Optional<String> text) {
      texts(text.stream().toList());
    }

    void map(Map<String, String> map) {
      number(map.size());
      map.forEach((key, value) -> {
        text(key);
        text(value);
      });
    }

    private void number(int number) {
      sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(number).flip());
    }

    byte[] value() {
      return sha256.digest();
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
