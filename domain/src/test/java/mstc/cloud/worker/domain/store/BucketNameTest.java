package mstc.cloud.worker.domain.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mstc.cloud.worker.domain.InvalidValueException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BucketNameTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "abc",
        "1-2",
        "my.bucket.2026",
        "192.168.5",
        "1.2.3.4.5",
        "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij123"
      })
  void aNameMayHaveDotsAndHyphens(String value) {
    assertThat(new BucketName(value)).hasToString(value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "A",
        "a",
        "ab",
        "ABC",
        "a_b",
        "a b",
        "abc\n",
        "äbc",
        "-ab",
        "ab-",
        ".ab",
        "ab.",
        "a..b",
        "192.168.5.4",
        "a/b",
        "xn--abc",
        "sthree-abc",
        "amzn-s3-demo-abc",
        "abc-s3alias",
        "abc--ol-s3",
        "abc.mrap",
        "abc--x-s3",
        "abc--table-s3",
        "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij1234"
      })
  void whatS3DoesNotAllowIsRefused(String value) {
    assertThatThrownBy(() -> new BucketName(value))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("must be an S3 bucket name: 3 to 63 of a-z, 0-9, '.' and '-'");
  }
}
