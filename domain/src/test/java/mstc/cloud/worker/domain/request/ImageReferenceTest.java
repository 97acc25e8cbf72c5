package mstc.cloud.worker.domain.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.InvalidValueException;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReferenceTest {
  private static final String SHA_256 = "@sha256:" + "0a".repeat(32);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "alpine",
        "alpine:3",
        "team/solver:v1.2_RC-3",
        "a__b/c.d/e-f/g---h",
        "localhost/x",
        "localhost:5000/x:1",
        "registry.example/x",
        "registry.example:5000/team/solver:1",
        "Registry.Example/x",
        "UPPER/x",
        "10.0.0.1:5000/x",
        "[2001:db8::1]:5000/x",
        "[::1]/x",
        "host:5000",
        "x:UPPER"
      })
  void anImageMayHaveAHostAPortAndATag(String value) {
    assertThat(new ImageReference(value)).hasToString(value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"alpine", "alpine:3", "registry.example:5000/team/solver:1"})
  void anImageMayHaveADigest(String value) {
    assertThat(new ImageReference(value + SHA_256)).hasToString(value + SHA_256);
    assertThat(new ImageReference(value + "@sha512:" + "0".repeat(128)).value()).startsWith(value);
    assertThat(new ImageReference(value + "@multihash+base58:" + "A".repeat(32)).value())
        .startsWith(value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "UPPER//x",
        "UPPER",
        "Team/Solver",
        "a//b",
        "/a",
        "a/",
        "a:",
        ":1",
        "a:b:c",
        "a: 1",
        "a b",
        " a",
        "a\n",
        "a:1\n",
        "-a",
        "a-",
        "a._b",
        "a___b",
        "a..b",
        "_a",
        "host:port/x",
        "host:123456/x",
        "-host.example/x",
        "host-.example/x",
        "a..example/x",
        "[::g]/x",
        "[::1]",
        "https://registry.example/x",
        "a:.tag",
        "a:-tag",
        "a@",
        "a@sha256",
        "a@sha256:abc",
        "ä",
        "a\u0000",
        "a\ud800"
      })
  void whatIsNoImageIsRefused(String value) {
    assertThatThrownBy(() -> new ImageReference(value))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(
            "must be an image reference [host[:port]/]path[:tag][@algorithm:digest]");
  }

  static Stream<String> invalidDigests() {
    return Stream.of(
        "a@sha256:" + "0A".repeat(32),
        "a@sha256:" + "0".repeat(63),
        "a@sha256:" + "0".repeat(65),
        "a@sha256:" + "A".repeat(64),
        "a" + SHA_256 + SHA_256,
        "a" + SHA_256 + ":1",
        SHA_256);
  }

  @ParameterizedTest
  @MethodSource("invalidDigests")
  void whatIsNoDigestIsRefused(String value) {
    assertThatThrownBy(() -> new ImageReference(value)).isInstanceOf(InvalidValueException.class);
  }

  @Test
  void aNameHas255AndATag128Characters() {
    assertThat(new ImageReference("a".repeat(255) + ":" + "t".repeat(128)).value()).hasSize(384);
    assertThatThrownBy(() -> new ImageReference("a".repeat(256)))
        .isInstanceOf(InvalidValueException.class);
    assertThatThrownBy(() -> new ImageReference("a:" + "t".repeat(129)))
        .isInstanceOf(InvalidValueException.class);
  }

  /** What makes regular expressions try every way to split a text: nearly valid to the very end. */
  static Stream<String> nearlyValid() {
    return Stream.of("a", "a-", "a__", "a.", "A-", "a-b_", "a/", "a.a/", "A.", "[:", "a+")
        .flatMap(part -> {
          String text = part.repeat(300 / part.length());
          return Stream.of(text + "!", "h.x/" + text + "!", "a@" + text + ":!", "a:" + text + "!");
        });
  }

  @ParameterizedTest
  @MethodSource("nearlyValid")
  void aMaliciousNameIsRefusedAtOnce(String value) {
    // A hundred times, so that one pause of the machine is no failure.
    Assertions.assertTimeout(
        Duration.ofSeconds(1),
        () -> {
          for (int i = 0; i < 100; i++) {
            assertThatThrownBy(() -> new ImageReference(value))
                .isInstanceOf(InvalidValueException.class);
          }
        });
  }
}
