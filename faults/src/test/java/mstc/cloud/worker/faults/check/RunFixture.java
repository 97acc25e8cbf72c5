package mstc.cloud.worker.faults.check;

import static mstc.cloud.worker.faults.check.ReplyFixture.failure;
import static mstc.cloud.worker.faults.check.ReplyFixture.rejection;
import static mstc.cloud.worker.faults.check.ReplyFixture.reply;
import static mstc.cloud.worker.faults.check.ReplyFixture.success;
import static mstc.cloud.worker.faults.check.RequestFixture.LOG_BYTES;
import static mstc.cloud.worker.faults.check.RequestFixture.request;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.faults.history.Event;
import mstc.cloud.worker.faults.history.Event.Drained;
import mstc.cloud.worker.faults.history.Event.FaultBegun;
import mstc.cloud.worker.faults.history.Event.FaultEnded;
import mstc.cloud.worker.faults.history.Event.LeftBehind;
import mstc.cloud.worker.faults.history.Event.Meddling;
import mstc.cloud.worker.faults.history.Event.Mended;
import mstc.cloud.worker.faults.history.Event.Misbehaved;
import mstc.cloud.worker.faults.history.Event.Part;
import mstc.cloud.worker.faults.history.Event.Place;
import mstc.cloud.worker.faults.history.Event.ProcessSeen;
import mstc.cloud.worker.faults.history.Event.RunBegun;
import mstc.cloud.worker.faults.history.Expected;
import mstc.cloud.worker.faults.history.FaultKind;
import mstc.cloud.worker.faults.history.History;

/** A run in which everything went as it should, to which a test adds what did not. */
final class RunFixture {
  private static final Instant BEGIN = Instant.parse("2026-11-01T11:59:00Z");
  private static final Instant MENDED = Instant.parse("2026-11-01T12:05:00Z");
  private static final int SAMPLES = 40;

  private final List<Event> events = new ArrayList<>();
  private int drainSeconds = 60;
  private int threadsAdded;
  private int descriptorsAdded;
  private int heapAdded;

  static RunFixture correctRun() {
    return new RunFixture()
        .with(
            request("succeeds")
                .withId("succeeds")
                .sent()
                .ran(0)
                .answered(success())
                .sent()
                .answered(success())
                .sentWithAnotherBody()
                .answered(rejection())
                .storedWhole())
        .with(request("fails").thatFailsWith(3).sent().ran(3).answered(failure(3)).storedWhole())
        .with(
            request("retried")
                .thatIs(new Expected("SUCCEEDED", List.of(0, 5), LOG_BYTES, 40))
                .sent()
                .ran(5)
                .ran(0)
                .answered(success().ofLog(2 * LOG_BYTES))
                .stored(new Part(LOG_BYTES, LOG_BYTES), new Part(LOG_BYTES, LOG_BYTES)))
        .with(
            request("evicted")
                .sent()
                .ranUntilEvicted(8)
                .ran(0)
                .answered(success().ofLog(LOG_BYTES + 300))
                .stored(new Part(300, 300), new Part(LOG_BYTES, LOG_BYTES)))
        .with(
            request("evicted-at-once")
                .sent()
                .ranUntilEvicted(1)
                .ran(0)
                .answered(success())
                .storedWhole())
        .with(
            request("cancelled")
                .thatIsCancelled()
                .sent()
                .ran(143)
                .meddled(Meddling.CANCELLED)
                .answered(reply("CANCELLED"))
                .storedWhole())
        .with(request("invalid").thatIsInvalid().sent().answered(rejection()))
        .with(
            request("not-complete")
                .sent()
                .ran(0)
                .answered(success().ofLog(200).notComplete("the beginning is missing"))
                .stored(new Part(200, 0)))
        .with(
            request("needlessly-not-complete")
                .sent()
                .ran(0)
                .answered(success().notComplete("it may not be"))
                .redelivered(success().notComplete("it may not be"))
                .storedWhole())
        .with(request("unreadable").thatIsInvalid().sent().answered(rejection()))
        .left(Place.DEAD_LETTERS, Optional.of("unreadable/1"));
  }

  RunFixture with(RequestFixture request) {
    events.addAll(request.events());
    return this;
  }

  RunFixture left(Place place, Optional<String> send) {
    events.add(new LeftBehind(MENDED, place, "something", send));
    return this;
  }

  /** A fault during all of the run. */
  RunFixture under(FaultKind kind) {
    events.add(new FaultBegun(BEGIN, 1, kind, "in words"));
    events.add(new FaultEnded(MENDED, 1));
    return this;
  }

  RunFixture misbehaved() {
    events.add(new Misbehaved(MENDED, 1, "ended by itself"));
    return this;
  }

  RunFixture drainedAfterSeconds(int seconds) {
    drainSeconds = seconds;
    return this;
  }

  RunFixture withMoreThreadsEachTime(int threads) {
    threadsAdded = threads;
    return this;
  }

  RunFixture withMoreDescriptorsEachTime(int descriptors) {
    descriptorsAdded = descriptors;
    return this;
  }

  RunFixture withMoreHeapEachTime(int kibibytes) {
    heapAdded = kibibytes;
    return this;
  }

  History history() {
    List<Event> all = new ArrayList<>();
    all.add(new RunBegun(BEGIN, 1, 6, "namespace", List.of()));
    all.addAll(events);
    for (int i = 0; i < SAMPLES; i++) {
      all.add(
          new ProcessSeen(
              BEGIN.plusSeconds(10L * i),
              i % 3,
              100 + i % 3,
              40 + i * threadsAdded,
              80 + i * descriptorsAdded,
              50_000 + (long) i * heapAdded));
    }
    all.add(new Mended(MENDED));
    if (drainSeconds >= 0) {
      all.add(new Drained(MENDED.plusSeconds(drainSeconds)));
    }
    return new History(all);
  }
}
