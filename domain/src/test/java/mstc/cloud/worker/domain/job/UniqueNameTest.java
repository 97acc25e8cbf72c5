package mstc.cloud.worker.domain.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.UUID;
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.request.JobName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UniqueNameTest {
  private static final UUID A_UUID = UUID.fromString("0a1b2c3d-4e5f-8a7b-8c9d-0e1f2a3b4c5d");

  @ParameterizedTest
  @CsvSource({
    "a, a",
    "solver, solver",
    "abcdefghijklmnopqrstuvwxyz, abcdefghijklmnopqrstuvwxyz",
    "abcdefghijklmnopqrstuvwxyz1, abcdefghijklmnopqrstuvwxyz",
    "abcdefghijklmnopqrstuvwxy-1, abcdefghijklmnopqrstuvwxy",
    "a------------------------------1, a"
  })
  void aLongJobNameIsCutNeverTheUuid(String jobName, String prefix) {
    // when
    UniqueName name = UniqueName.of(new JobName(jobName), A_UUID);

    // then
    assertThat(name).hasToString(prefix + "-" + A_UUID);
    assertThat(name.uuid()).isEqualTo(A_UUID);
    assertThat(new JobName(name.value())).as("a DNS label too").hasToString(name.value());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "solver",
        "0a1b2c3d-4e5f-8a7b-8c9d-0e1f2a3b4c5d",
        "-0a1b2c3d-4e5f-8a7b-8c9d-0e1f2a3b4c5d",
        "a-0A1B2C3D-4E5F-8A7B-8C9D-0E1F2A3B4C5D",
        "abcdefghijklmnopqrstuvwxyz1-0a1b2c3d-4e5f-8a7b-8c9d-0e1f2a3b4c5d",
        "../a-0a1b2c3d-4e5f-8a7b-8c9d-0e1f2a3b4c5d",
        "a-0a1b2c3d-4e5f-8a7b-8c9d-0e1f2a3b4c5d\n"
      })
  void whatIsNoJobNameAndUuidIsRefused(String value) {
    assertThatThrownBy(() -> new UniqueName(value)).isInstanceOf(InvalidValueException.class);
  }

  @Test
  void namesOfDifferentUuidsDifferEvenWhenCut() {
    // given
    JobName longest = new JobName("x".repeat(63));

    // then
    assertThat(UniqueName.of(longest, A_UUID)).isNotEqualTo(UniqueName.of(longest, new UUID(1, 2)));
  }
}
