package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;

/**
 * A scripted kubelet behind a network, in a time of its own: calls take a while, streams come in
 * pieces and may break off, and while nobody reads one no more of it comes than has room.
 */
final class ScriptedLogSource implements LogSource, Timer {
  private static final Duration LONGEST_REST = Duration.ofMillis(200);

  private final ScriptedKubelet kubelet;
  private final Random random;
  private final boolean breaks;
  private Instant now;
  private Instant cutUntil = Instant.MIN;
  private Runnable onTime = () -> {};
  private Duration pinnedPiece = Duration.ZERO;
  private Instant goneAt = Instant.MAX;

  /**
   * @param breaks whether streams break off, and the cluster cannot be reached for a while
   */
  ScriptedLogSource(ScriptedKubelet kubelet, Random random, boolean breaks, Instant now) {
    this.kubelet = kubelet;
    this.random = random;
    this.breaks = breaks;
    this.now = now;
  }

  /**
   * @param toCall called whenever time has passed
   */
  void onTime(Runnable toCall) {
    onTime = toCall;
  }

  /**
   * @param perPiece how long each piece of a pinned stream takes
   */
  void slowPins(Duration perPiece) {
    pinnedPiece = perPiece;
  }

  /**
   * @param at when the pod is gone: from then on no stream is opened
   */
  void beGone(Instant at) {
    goneAt = at;
  }

  @Override
  public Instant now() {
    return now;
  }

  @Override
  public long nanos() {
    return Duration.between(kubelet.startedAt(), now).toNanos();
  }

  @Override
  public void rest(Duration atMost) {
    pass(atMost.compareTo(LONGEST_REST) < 0 ? atMost : LONGEST_REST);
  }

  @Override
  public void wake() {
    // Whoever rests does so for a moment only.
  }

  private void pass(Duration time) {
    now = now.plus(time);
    onTime.run();
  }

  private void call() throws IOException {
    pass(Duration.ofMillis(1 + random.nextInt(random.nextInt(10) == 0 ? 2000 : 30)));
    if (breaks && random.nextInt(40) == 0) {
      cutUntil = now.plusMillis(random.nextInt(random.nextInt(4) == 0 ? 30_000 : 2_000));
    }
    if (now.isBefore(cutUntil)) {
      throw new IOException("the cluster cannot be reached");
    }
    if (!now.isBefore(goneAt)) {
      throw new GoneException("no such pod");
    }
  }

  @Override
  public LogStream follow(Container container, Optional<Instant> since) throws IOException {
    call();
    return new Scripted(kubelet.open(now, true, since), Duration.ZERO);
  }

  @Override
  public LogStream pin(Container container) throws IOException {
    call();
    return new Scripted(kubelet.open(now, false, Optional.empty()), pinnedPiece);
  }

  /** A stream that somebody opened before. */
  LogStream goingOn(ScriptedKubelet.Stream stream) {
    return new Scripted(stream, Duration.ZERO);
  }

  @Override
  public LogStream read(Container container, Optional<Instant> since) throws IOException {
    call();
    return new Scripted(kubelet.open(now, false, since), Duration.ZERO);
  }

  @Override
  public Optional<Instant> newestFileBegins(Container container) throws IOException {
    call();
    return kubelet.newestFileBegins(now);
  }

  private final class Scripted implements LogStream {
    private final ScriptedKubelet.Stream stream;
    private final Duration perPiece;
    private byte[] given = new byte[0];
    private int at;
    private boolean broken;

    Scripted(ScriptedKubelet.Stream stream, Duration perPiece) {
      this.stream = stream;
      this.perPiece = perPiece;
    }

    @Override
    public int read(byte[] into) throws IOException {
      pass(perPiece);
      if (breaks && random.nextInt(300) == 0) {
        // Now and then it is slow.
        pass(Duration.ofMillis(random.nextInt(10_000)));
      }
      if (at == given.length) {
        stream.leaveUnread(now);
        given = stream.read(now);
        at = 0;
      }
      broken |= now.isBefore(cutUntil) || (breaks && random.nextInt(300) == 0);
      if (broken && random.nextBoolean()) {
        throw new IOException("the stream broke off");
      }
      int count = Math.min(given.length - at, Math.min(into.length, 1 + random.nextInt(600)));
      if (count == 0) {
        return stream.isOver() ? -1 : 0;
      }
      System.arraycopy(given, at, into, 0, count);
      at += count;
      return count;
    }

    @Override
    public void onArrival(Runnable toCall) {
      // Nobody rests for long.
    }

    @Override
    public void close() {
      broken = true;
    }
  }
}
