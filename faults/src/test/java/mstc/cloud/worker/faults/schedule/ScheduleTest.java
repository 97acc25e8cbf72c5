package mstc.cloud.worker.faults.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import mstc.cloud.worker.faults.history.FaultKind;
import mstc.cloud.worker.faults.load.Resend;
import mstc.cloud.worker.faults.load.Scenario;
import mstc.cloud.worker.faults.load.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A schedule is a function of the seed and the minutes. */
class ScheduleTest {

  @Test
  void theSameSeedDrawsTheSameSchedule() {
    assertThat(Schedule.draw(42, 8)).isEqualTo(Schedule.draw(42, 8));
  }

  @Test
  void anotherSeedDrawsAnother() {
    assertThat(Schedule.draw(43, 8).faults()).isNotEqualTo(Schedule.draw(42, 8).faults());
    assertThat(Schedule.draw(43, 8).requests()).isNotEqualTo(Schedule.draw(42, 8).requests());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 3, 4, 5, -1, Long.MAX_VALUE})
  void allIsMendedAtTheEndAndNothingBreaksTwiceAtATime(long seed) {
    Schedule schedule = Schedule.draw(seed, 8);

    List<PlannedFault> faults = schedule.faults();
    assertThat(faults).hasSizeGreaterThan(40);
    assertThat(faults).allMatch(fault -> fault.end().compareTo(schedule.length()) < 0);
    assertThat(faults).noneMatch(fault -> fault.length().isNegative());
    for (int i = 0; i < faults.size(); i++) {
      PlannedFault later = faults.get(i);
      assertThat(faults.subList(0, i))
          .filteredOn(earlier -> earlier.end().compareTo(later.begin()) >= 0)
          .allMatch(
              earlier -> Collections.disjoint(earlier.fault().holds(), later.fault().holds()));
    }
    assertThat(schedule.requests())
        .hasSizeGreaterThan(120)
        .allMatch(request -> request.at().compareTo(schedule.length().minusSeconds(20)) < 0);
  }

  @Test
  void everyFaultAndEveryKindOfRequestIsDrawn() {
    List<Schedule> schedules =
        IntStream.range(0, 20).mapToObj(seed -> Schedule.draw(seed, 8)).toList();

    assertThat(
            schedules.stream()
                .flatMap(schedule -> schedule.faults().stream())
                .map(planned -> planned.fault().kind())
                .collect(Collectors.toSet()))
        .isEqualTo(EnumSet.allOf(FaultKind.class));
    List<Scenario> scenarios =
        schedules.stream()
            .flatMap(schedule -> schedule.requests().stream())
            .map(PlannedRequest::scenario)
            .toList();
    assertThat(scenarios.stream().map(Scenario::shape).collect(Collectors.toSet()))
        .isEqualTo(EnumSet.allOf(Shape.class));
    assertThat(scenarios.stream().map(Scenario::resend).collect(Collectors.toSet()))
        .isEqualTo(EnumSet.allOf(Resend.class));
    assertThat(scenarios.stream().map(Scenario::once).collect(Collectors.toSet()))
        .isEqualTo(Set.of(true, false));
  }

  @Test
  void faultsOverlap() {
    List<PlannedFault> faults = Schedule.draw(7, 8).faults();

    assertThat(IntStream.range(1, faults.size()))
        .anyMatch(i -> faults.get(i - 1).end().compareTo(faults.get(i).begin()) > 0);
    assertThat(faults.getFirst().begin()).isEqualTo(Duration.ofSeconds(15));
  }
}
