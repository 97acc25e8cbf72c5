package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;

/**
 * Streams that are told one by one beforehand, whatever is asked for; the last of them comes again
 * and again. In a time of its own, which passes while somebody rests.
 */
final class ScriptedStreams implements LogSource, Timer {
  static final Instant START = Instant.parse("2026-11-23T10:00:00Z");

  /** How a stream ends. */
  private enum Ending {
    ENDS,
    BREAKS_OFF,
    FALLS_SILENT
  }

  /** The response to one call. */
  @FunctionalInterface
  private interface Response {
    LogStream open() throws IOException;
  }

  private record Event(Instant at, Runnable what) {}

  private final Deque<Response> responses = new ArrayDeque<>();
  private final List<Event> events = new ArrayList<>();
  private final List<String> calls = new ArrayList<>();
  private Optional<Instant> newestBegins = Optional.empty();
  private Instant now = START;
  private boolean interrupted;

  /** The next stream brings these pieces, and its end. */
  ScriptedStreams thenGive(String... pieces) {
    return then(() -> new Scripted(Ending.ENDS, pieces));
  }

  ScriptedStreams thenBreakOffAfter(String... pieces) {
    return then(() -> new Scripted(Ending.BREAKS_OFF, pieces));
  }

  ScriptedStreams thenFallSilentAfter(String... pieces) {
    return then(() -> new Scripted(Ending.FALLS_SILENT, pieces));
  }

  /** The next stream cannot be opened. */
  ScriptedStreams thenRefuse() {
    return then(() -> {
      throw new IOException("the cluster cannot be reached");
    });
  }

  /** By then there is no pod any more. */
  ScriptedStreams thenBeGone() {
    return then(() -> {
      throw new GoneException("no such pod");
    });
  }

  ScriptedStreams thenFail() {
    return then(() -> {
      throw new IllegalStateException("a bug");
    });
  }

  private ScriptedStreams then(Response response) {
    responses.add(response);
    return this;
  }

  /** What the newest file begins with from now on. */
  void beginNewestFile(Instant begins) {
    newestBegins = Optional.of(begins);
  }

  /** Does something once so much time has passed since the start. */
  ScriptedStreams at(Duration time, Runnable what) {
    events.add(new Event(START.plus(time), what));
    return this;
  }

  /** From now on whoever rests is interrupted. */
  void interrupt() {
    interrupted = true;
  }

  /** What was called, in this order. */
  List<String> calls() {
    return calls;
  }

  /** How much time has passed. */
  Duration passed() {
    return Duration.between(START, now);
  }

  private LogStream open(String call) throws IOException {
    calls.add(call);
    Response response = responses.size() > 1 ? responses.remove() : responses.element();
    return response.open();
  }

  @Override
  public LogStream follow(Container container, Optional<Instant> since) throws IOException {
    return open("follow");
  }

  @Override
  public LogStream read(Container container, Optional<Instant> since) throws IOException {
    return open("read");
  }

  @Override
  public LogStream pin(Container container) throws IOException {
    return open("pin");
  }

  @Override
  public Optional<Instant> newestFileBegins(Container container) {
    calls.add("ask");
    return newestBegins;
  }

  @Override
  public Instant now() {
    return now;
  }

  @Override
  public long nanos() {
    return passed().toNanos();
  }

  @Override
  public void rest(Duration atMost) throws InterruptedException {
    if (interrupted) {
      throw new InterruptedException("by the test");
    }
    pass(atMost);
  }

  /** Lets time pass, but not beyond the next event. */
  void pass(Duration atMost) {
    Instant until = now.plus(atMost);
    for (Event event : events) {
      if (event.at().isAfter(now) && event.at().isBefore(until)) {
        until = event.at();
      }
    }
    now = until;
    for (Event event : List.copyOf(events)) {
      if (!event.at().isAfter(now)) {
        events.remove(event);
        event.what().run();
      }
    }
  }

  @Override
  public void wake() {
    // Whoever rests does so until something happens.
  }

  private static final class Scripted implements LogStream {
    private final Ending ending;
    private final Deque<byte[]> pieces = new ArrayDeque<>();

    Scripted(Ending ending, String... pieces) {
      this.ending = ending;
      Arrays.stream(pieces).map(piece -> piece.getBytes(UTF_8)).forEach(this.pieces::add);
    }

    @Override
    public int read(byte[] into) throws IOException {
      byte[] piece = pieces.poll();
      if (piece != null) {
        System.arraycopy(piece, 0, into, 0, piece.length);
        return piece.length;
      }
      return switch (ending) {
        case ENDS -> -1;
        case FALLS_SILENT -> 0;
        case BREAKS_OFF -> throw new IOException("the stream broke off");
      };
    }

    @Override
    public void onArrival(Runnable toCall) {
      // All of it is there.
    }

    @Override
    public void close() {
      pieces.clear();
    }
  }
}
