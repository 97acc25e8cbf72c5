package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import mstc.cloud.worker.adapters.rabbitmq.ConsumerPlan.Step;
import org.junit.jupiter.api.Test;

class RoomTest {
  private final Room room = new Room();
  private final Room.Source source = new Room.Source();
  private final List<Room.Place> begun = new ArrayList<>();
  private int givenBack;

  private final Room.Arrival arrival =
      new Room.Arrival() {
        @Override
        public void begin(Room.Place place) {
          begun.add(place);
        }

        @Override
        public void giveBack() {
          givenBack++;
        }
      };

  private void consume(int demand) {
    room.demand(demand);
    room.onBegin(source, demand);
  }

  @Test
  void anUnchangedDemandLeavesTheRefillingToTheConsumer() {
    // given
    consume(2);

    // when
    assertThat(room.arrive(source, arrival)).isTrue();
    assertThat(room.arrive(source, arrival)).isTrue();
    Room.Leaving leaving = begun.getFirst().leave();

    // then
    assertThat(leaving).isEqualTo(Room.Leaving.REFILLED);
    assertThat(room.next()).isEqualTo(new Step.Rest<>());
  }

  @Test
  void whatComesWithoutRoomBeginsOnceThereIsSome() {
    // given
    consume(2);
    room.arrive(source, arrival);
    room.demand(1);

    // when
    boolean hadRoom = room.arrive(source, arrival);

    // then
    assertThat(hadRoom).isFalse();
    assertThat(room.next()).isEqualTo(new Step.End<>(source));
    assertThat(begun).hasSize(1);
    room.demand(2);
    assertThat(room.next()).isEqualTo(new Step.Rest<>());
    assertThat(begun).hasSize(2);
  }

  @Test
  void whatStillHasNoRoomWhenItsConsumerHasEndedGoesBack() {
    // given
    consume(2);
    room.demand(1);
    room.arrive(source, arrival);
    room.arrive(source, arrival);
    room.onEnd(source);
    assertThat(room.next()).isEqualTo(new Step.GiveBack<>());

    // when
    room.takeWaiting().forEach(Room.Arrival::giveBack);

    // then
    assertThat(givenBack).isEqualTo(1);
    assertThat(room.next()).isEqualTo(new Step.Rest<>());
    assertThat(room.spare()).isEmpty();
    begun.getFirst().leave();
    assertThat(room.spare()).contains(source);
  }

  @Test
  void theRoomOfThoseAsideIsGivenAwayTogether() {
    // given
    consume(3);
    room.arrive(source, arrival);
    room.arrive(source, arrival);

    // when
    assertThat(begun.get(0).stepAside()).isTrue();
    assertThat(begun.get(1).stepAside()).isTrue();

    // then
    assertThat(room.hasRoomToGive()).isTrue();
    assertThat(room.next()).isEqualTo(new Step.Rest<>());
    room.giveRoom();
    assertThat(room.hasRoomToGive()).isFalse();
    assertThat(room.next()).isEqualTo(new Step.Begin<>(2));
  }

  @Test
  void whoeverIsDoneBeforeItsRoomWasGivenAwayLeavesItToItsConsumer() {
    // given
    consume(3);
    room.arrive(source, arrival);
    room.arrive(source, arrival);
    begun.get(0).stepAside();
    begun.get(1).stepAside();

    // when
    Room.Leaving leaving = begun.get(0).leave();

    // then
    assertThat(leaving).isEqualTo(Room.Leaving.REFILLED);
    assertThat(room.next()).isEqualTo(new Step.Rest<>());
  }

  @Test
  void whoeverIsDoneAfterTheDemandWasLoweredNeedNotWaitForTheConsumerToEnd() {
    // given
    consume(2);
    room.arrive(source, arrival);
    room.arrive(source, arrival);
    room.demand(1);

    // when
    Room.Leaving leaving = begun.getFirst().leave();

    // then
    assertThat(leaving).isEqualTo(Room.Leaving.ADJUST);
    assertThat(room.next()).isEqualTo(new Step.End<>(source));
  }

  @Test
  void whoeverIsDoneAsideTakesTheRoomBackThatWasGivenAway() {
    // given
    consume(1);
    room.arrive(source, arrival);
    begun.getFirst().stepAside();
    room.giveRoom();
    Room.Source another = new Room.Source();
    room.onBegin(another, 1);

    // when
    Room.Leaving leaving = begun.getFirst().leave();

    // then
    assertThat(leaving).isEqualTo(Room.Leaving.ADJUST_FIRST);
    assertThat(room.next()).isInstanceOf(Step.End.class);
  }

  @Test
  void nobodyStepsInWhereThereIsNoRoom() {
    // given
    consume(1);
    room.arrive(source, arrival);
    Room.Place place = begun.getFirst();
    place.stepAside();
    room.giveRoom();
    Room.Source another = new Room.Source();
    room.onBegin(another, 1);
    room.arrive(another, arrival);

    // when
    boolean isIn = place.stepIn();

    // then
    assertThat(isIn).isFalse();
    assertThat(place.isAside()).isTrue();
    assertThat(begun.get(1).leave()).isEqualTo(Room.Leaving.REFILLED);
    assertThat(place.stepIn()).isTrue();
    assertThat(place.isAside()).isFalse();
  }

  @Test
  void aThousandAreAsideAtMost() {
    // given
    consume(1_001);
    for (int i = 0; i < 1_001; i++) {
      room.arrive(source, arrival);
    }

    // then
    assertThat(begun.subList(0, 1_000)).allMatch(Room.Place::stepAside);
    assertThat(begun.getLast().stepAside()).isFalse();
    begun.getFirst().leave();
    assertThat(begun.getLast().stepAside()).isTrue();
  }

  @Test
  void noMoreStepAsideWhereManyChannelsAreInUse() {
    // given
    consume(1);
    room.arrive(source, arrival);

    // when
    for (int i = 1; i < 128; i++) {
      room.onBegin(new Room.Source(), 1);
    }

    // then
    assertThat(begun.getFirst().stepAside()).isFalse();
  }

  @Test
  void whatIsInHandCountsThoughItsConnectionIsLost() {
    // given
    consume(2);
    room.arrive(source, arrival);

    // when
    room.onLoss();

    // then
    assertThat(room.next()).isEqualTo(new Step.Begin<>(1));
    assertThat(begun.getFirst().leave()).isEqualTo(Room.Leaving.ADJUST);
    assertThat(room.next()).isEqualTo(new Step.Begin<>(2));
  }
}
