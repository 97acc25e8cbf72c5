package mstc.cloud.worker.faults.check;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.faults.history.Event;
import mstc.cloud.worker.faults.history.Event.JobSeen;
import mstc.cloud.worker.faults.history.Event.LogRead;
import mstc.cloud.worker.faults.history.Event.Meddled;
import mstc.cloud.worker.faults.history.Event.Meddling;
import mstc.cloud.worker.faults.history.Event.Part;
import mstc.cloud.worker.faults.history.Event.PodSeen;
import mstc.cloud.worker.faults.history.Event.Replied;
import mstc.cloud.worker.faults.history.Event.Sent;
import mstc.cloud.worker.faults.history.Expected;

/**
 * What happened to a request, in a language of its own: unless told otherwise, it is sent once, its
 * Job runs and all is well.
 */
final class RequestFixture {
  static final long LOG_BYTES = 1000;
  private static final Instant BEGIN = Instant.parse("2026-11-01T12:00:00Z");

  private final String name;
  private final List<Event> events = new ArrayList<>();
  private Optional<String> messageId = Optional.empty();
  private Expected expected = new Expected("SUCCEEDED", List.of(0), LOG_BYTES, 40);
  private Instant now = BEGIN;
  private int sends;
  private int pods;

  private RequestFixture(String name) {
    this.name = name;
  }

  static RequestFixture request(String name) {
    return new RequestFixture(name);
  }

  RequestFixture withId(String id) {
    messageId = Optional.of(id);
    return this;
  }

  RequestFixture thatIs(Expected how) {
    expected = how;
    return this;
  }

  RequestFixture thatFailsWith(int code) {
    return thatIs(new Expected("FAILED", List.of(code), LOG_BYTES, 40));
  }

  RequestFixture thatIsInvalid() {
    return thatIs(Expected.rejected());
  }

  RequestFixture thatIsCancelled() {
    return thatIs(new Expected("CANCELLED", List.of(), LOG_BYTES, 40));
  }

  RequestFixture sent() {
    sends++;
    events.add(new Sent(tick(), send(), name, messageId, "SHORT", expected));
    return this;
  }

  /** The same id with another request. */
  RequestFixture sentWithAnotherBody() {
    sends++;
    events.add(new Sent(tick(), send(), name, messageId, "SHORT", Expected.rejected()));
    return this;
  }

  private String send() {
    return name + "/" + sends;
  }

  private Instant tick() {
    now = now.plusSeconds(1);
    return now;
  }

  /** All Jobs of a request have one name, as it follows from the identity. */
  private String job() {
    return name + "-job";
  }

  RequestFixture ran(int exitCode) {
    return ran(name + "-job", exitCode, 10);
  }

  /** A pod of a Job of that uid ran for some seconds and ended. */
  RequestFixture ran(String jobUid, int exitCode, int seconds) {
    events.add(new JobSeen(tick(), name, jobUid, job(), false, false, false, false));
    Instant started = tick();
    String uid = "pod-" + ++pods;
    events.add(pod(jobUid, uid, "Running", started, Optional.empty(), OptionalInt.empty(), false));
    now = now.plusSeconds(seconds);
    events.add(
        pod(jobUid, uid, "Ended", started, Optional.of(now), OptionalInt.of(exitCode), false));
    return this;
  }

  /** A pod ran for some seconds, and was taken away. */
  RequestFixture ranUntilEvicted(int seconds) {
    String jobUid = name + "-job";
    events.add(new JobSeen(tick(), name, jobUid, job(), false, false, false, false));
    Instant started = tick();
    String uid = "pod-" + ++pods;
    events.add(pod(jobUid, uid, "Running", started, Optional.empty(), OptionalInt.empty(), false));
    now = now.plusSeconds(seconds);
    events.add(new Meddled(now, name, Meddling.POD_EVICTED, uid));
    events.add(pod(jobUid, uid, "Failed", started, Optional.of(now), OptionalInt.of(143), true));
    return this;
  }

  private PodSeen pod(
      String jobUid,
      String uid,
      String phase,
      Instant started,
      Optional<Instant> finished,
      OptionalInt exitCode,
      boolean takenAway) {
    return new PodSeen(
        now,
        name,
        jobUid,
        uid,
        phase,
        Optional.empty(),
        Optional.of(started),
        finished,
        exitCode,
        takenAway,
        takenAway,
        false);
  }

  RequestFixture meddled(Meddling what) {
    events.add(new Meddled(tick(), name, what, name + "-job"));
    return this;
  }

  RequestFixture answered(ReplyFixture reply) {
    events.add(new Replied(tick(), send(), reply.text(job()), false));
    return this;
  }

  RequestFixture answeredAfter(int seconds, ReplyFixture reply) {
    now = now.plusSeconds(seconds);
    return answered(reply);
  }

  RequestFixture redelivered(ReplyFixture reply) {
    events.add(new Replied(tick(), send(), reply.text(job()), true));
    return this;
  }

  RequestFixture answeredWithText(String text) {
    events.add(new Replied(tick(), send(), text, false));
    return this;
  }

  RequestFixture stored(Part... parts) {
    long bytes = List.of(parts).stream().mapToLong(Part::bytes).sum();
    events.add(new LogRead(tick(), name, job() + ".log", bytes, List.of(parts)));
    return this;
  }

  RequestFixture storedWhole() {
    return stored(new Part(LOG_BYTES, LOG_BYTES));
  }

  List<Event> events() {
    return List.copyOf(events);
  }
}
