package mstc.cloud.worker.adapters.http;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Makes text of bytes that come in pieces, which may be cut in the middle of a character. */
final class TextPieces {
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private byte[] cut = {};

  /** The characters that are whole by now; what is no text becomes U+FFFD. */
  String next(byte[] piece) {
    ByteBuffer bytes = ByteBuffer.allocate(cut.length + piece.length).put(cut).put(piece).flip();
    String text = decode(bytes, false);
    cut = new byte[bytes.remaining()];
    bytes.get(cut);
    return text;
  }

  /** What is left of a character that was never finished, as U+FFFD; else empty. */
  String rest() {
    String text = decode(ByteBuffer.wrap(cut), true);
    cut = new byte[0];
    return text;
  }

  private String decode(ByteBuffer bytes, boolean last) {
    CharBuffer text = CharBuffer.allocate(bytes.remaining() + 1);
    decoder.reset();
    decoder.decode(bytes, text, last);
    return text.flip().toString();
  }
}
