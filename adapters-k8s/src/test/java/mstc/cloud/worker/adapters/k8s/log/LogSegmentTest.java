package mstc.cloud.worker.adapters.k8s.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LogSegmentTest {
  private static LogSegment first(int number, String writer, long to) {
    return new LogSegment(number, writer, 0, to, Optional.empty());
  }

  private static LogSegment after(LogSegment before, int number, String writer, long to) {
    return new LogSegment(number, writer, before.to(), to, Optional.of(before.id()));
  }

  @Test
  void isToldByItsName() {
    LogSegment segment = after(first(1, "aa01", 10), 2, "bb02", 1L << 40);

    assertThat(segment.name()).isEqualTo("2.bb02_10_1099511627776_1.aa01");
    assertThat(LogSegment.parse(segment.name())).contains(segment);
    assertThat(LogSegment.parse(first(1, "aa01", 10).name())).contains(first(1, "aa01", 10));
  }

  @Test
  void otherNamesAreNone() {
    assertThat(LogSegment.parse("notes.txt")).isEmpty();
    assertThat(LogSegment.parse("2.bb02_10_x_begin")).isEmpty();
    assertThat(LogSegment.parse("99999999999999999999.a_0_1_begin")).isEmpty();
  }

  @Test
  void theNewestChainEndsWithTheHighestNumber() {
    LogSegment one = first(1, "a", 10);
    LogSegment replaced = after(one, 2, "a", 12);
    LogSegment two = after(one, 3, "a", 20);

    assertThat(LogSegment.newestChain(List.of(two, replaced, one))).containsExactly(one, two);
  }

  @Test
  void whatAWorkerWroteThatStoodStillIsNotMixedIn() {
    LogSegment one = first(1, "a", 10);
    LogSegment late = after(one, 2, "a", 20);
    LogSegment taken = after(one, 2, "b", 15);
    LogSegment next = after(taken, 3, "b", 20);
    LogSegment newest = after(next, 4, "b", 30);

    assertThat(LogSegment.newestChain(List.of(late, newest, one, taken, next)))
        .containsExactly(one, taken, next, newest);
  }

  @Test
  void aChainThatHasLostItsBeginningIsNone() {
    LogSegment one = first(1, "a", 10);
    LogSegment two = after(one, 2, "a", 20);
    LogSegment three = after(two, 3, "a", 30);

    assertThat(LogSegment.newestChain(List.of(two, three))).isEmpty();
    assertThat(LogSegment.newestChain(List.of(one, three))).containsExactly(one);
    assertThat(LogSegment.newestChain(List.of())).isEmpty();
  }

  @Test
  void segmentsThatNameEachOtherAreNone() {
    LogSegment one = new LogSegment(1, "a", 10, 10, Optional.of("2.a"));
    LogSegment two = new LogSegment(2, "a", 10, 10, Optional.of("1.a"));

    assertThat(LogSegment.newestChain(List.of(one, two))).isEmpty();
  }
}
