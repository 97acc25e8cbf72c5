package mstc.cloud.worker.domain;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * SHA-256 over values that are each preceded by their length, so that no two lists of them look
 * alike.
 */
public final class FieldHash {
  private final MessageDigest sha256;

  /** Starts with no values. */
  public FieldHash() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /** Adds a text, in UTF-8. */
  public void text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    number(bytes.length);
    sha256.update(bytes);
  }

  /** Adds how many texts there are, and each of them. */
  public void texts(List<String> texts) {
    number(texts.size());
    texts.forEach(this::text);
  }

  /** Adds whether there is a text, and the text. */
  public void optional(Optional<String> text) {
    texts(text.stream().toList());
  }

  /** Adds how many entries there are, and each of them, in the order of the map. */
  public void map(Map<String, String> map) {
    number(map.size());
    map.forEach((key, value) -> {
      text(key);
      text(value);
    });
  }

  private void number(int number) {
    sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(number).flip());
  }

  /** The 32 bytes of the hash. Call it once, after everything was added. */
  public byte[] value() {
    return sha256.digest();
  }
}
