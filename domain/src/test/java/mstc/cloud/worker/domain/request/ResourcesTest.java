package mstc.cloud.worker.domain.request;

import static mstc.cloud.worker.domain.request.WorkRequests.aWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.domain.InvalidValueException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResourcesTest {
  @ParameterizedTest
  @CsvSource({
    "2, 2",
    "2.0, 2",
    "0.5, 0.5",
    "500m, 0.5",
    "2000m, 2",
    "1500m, 1.5",
    "0.001, 0.001",
    "1m, 0.001"
  })
  void coresAreTheSameHoweverWritten(String cpu, String cores) {
    assertThat(aWorkRequest().cpu(cpu).build().resources().cores())
        .hasValueSatisfying(number -> assertThat(number.toPlainString()).isEqualTo(cores));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "100, 100",
    "1k, 1000",
    "1.5M, 1500000",
    "2G, 2000000000",
    "1T, 1000000000000",
    "1Ki, 1024",
    "512Mi, 536870912",
    "0.5Gi, 536870912",
    "1Ti, 1099511627776"
  })
  void memoryIsTheSameHoweverWritten(String memory, String bytes) {
    assertThat(aWorkRequest().memory(memory).build().resources().memoryBytes())
        .hasValueSatisfying(number -> assertThat(number.toPlainString()).isEqualTo(bytes));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "0", "0.0", "0m", "-1", "+1", "1.", ".5", "0.0001", "1e3", "1k", "1 ", "NaN", "1.5m",
        "٣", "1234567"
      })
  void whatAreNoCoresIsRefused(String cpu) {
    assertThatThrownBy(() -> new Resources(Optional.of(cpu), Optional.empty(), OptionalInt.empty()))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("must be cores");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "0", "0Gi", "-1", "1.5", "1GB", "1gi", "1K", "1 Gi", "1m", "1e9", "1Ei", "٣"})
  void whatAreNoBytesIsRefused(String memory) {
    assertThatThrownBy(
            () -> new Resources(Optional.empty(), Optional.of(memory), OptionalInt.empty()))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("must be bytes");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65})
  void gpusAreBounded(int gpu) {
    assertThatThrownBy(() -> new Resources(Optional.empty(), Optional.empty(), OptionalInt.of(gpu)))
        .hasMessage("\"%d\" must be a whole number from 1 to 64", gpu);
  }
}
