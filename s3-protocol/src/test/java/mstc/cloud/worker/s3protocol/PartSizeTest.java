package mstc.cloud.worker.s3protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PartSizeTest {

  @ParameterizedTest
  @ValueSource(longs = {33L << 20, 1L << 30, 10_000L << 25, (10_000L << 25) + 1, 5L << 40})
  void aFileHasAtMostTenThousandPartsOfAnAllowedSize(long bytes) {
    // when
    long partBytes = PartSize.forFileOf(bytes);

    // then
    assertThat(Math.ceilDiv(bytes, partBytes)).isLessThanOrEqualTo(10_000);
    assertThat(partBytes).isBetween(5L << 20, 5L << 30);
  }
}
