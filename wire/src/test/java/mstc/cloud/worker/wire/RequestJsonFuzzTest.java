package mstc.cloud.worker.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static mstc.cloud.worker.testkit.request.WorkRequests.aFullWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import mstc.cloud.worker.domain.request.ParsedRequest.Valid;
import mstc.cloud.worker.domain.request.WorkRequest;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Thousands of damaged requests, the same ones every time. */
class RequestJsonFuzzTest {
  private static final int ROUNDS = 2_000;
  private static final List<byte[]> TOKENS =
      List.of(
              "{",
              "}",
              "[",
              "]",
              ",",
              ":",
              "\"",
              "\\",
              "\\u0000",
              "\\ud800",
              "null",
              "NaN",
              "1e400",
              "-0.0",
              "1e-999",
              "1e2147483647",
              "9".repeat(900),
              "\"A\":",
              "\"image\":",
              "\"resources\":{",
              "\ufeff",
              "\u2028",
              "[".repeat(40))
          .stream()
          .map(token -> token.getBytes(UTF_8))
          .toList();

  @ParameterizedTest
  @ValueSource(strings = {"UTF-8", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"})
  void noBytesMakeTheReaderFailOrHang(String charset) {
    // given
    Random random = new Random(42);
    byte[] request =
        new String(RequestJson.toBytes(aFullWorkRequest().build()), UTF_8)
            .getBytes(Charset.forName(charset));

    // when, then
    Assertions.assertTimeout(
        Duration.ofSeconds(10),
        () -> {
          for (int round = 0; round < ROUNDS; round++) {
            requireReadable(damaged(request, random));
          }
        });
  }

  /** Whatever is accepted has one meaning: written and read again, it is the same. */
  private static void requireReadable(byte[] body) {
    if (RequestJson.parse(body) instanceof Valid(WorkRequest request, var warnings)) {
      assertThat(RequestJson.parse(RequestJson.toBytes(request)))
          .isEqualTo(new Valid(request, List.of()));
    }
  }

  private static byte[] damaged(byte[] request, Random random) {
    byte[] bytes = request;
    for (int times = 1 + random.nextInt(4); times > 0; times--) {
      int from = random.nextInt(bytes.length + 1);
      int to = Math.min(bytes.length, from + (random.nextBoolean() ? 0 : random.nextInt(8)));
      byte[] inserted =
          switch (random.nextInt(4)) {
            case 0 -> new byte[0];
            case 1 -> new byte[] {(byte) random.nextInt()};
            case 2 -> TOKENS.get(random.nextInt(TOKENS.size()));
            default -> slice(request, random);
          };
      bytes =
          ByteBuffer.allocate(bytes.length - (to - from) + inserted.length)
              .put(bytes, 0, from)
              .put(inserted)
              .put(bytes, to, bytes.length - to)
              .array();
    }
    return bytes;
  }

  private static byte[] slice(byte[] bytes, Random random) {
    int from = random.nextInt(bytes.length);
    return Arrays.copyOfRange(bytes, from, from + random.nextInt(bytes.length - from));
  }
}
