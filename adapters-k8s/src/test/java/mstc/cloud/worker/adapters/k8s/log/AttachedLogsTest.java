package mstc.cloud.worker.adapters.k8s.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import mstc.cloud.worker.adapters.k8s.log.AttachedLogs.Target;
import mstc.cloud.worker.adapters.k8s.log.LogSource.Container;
import org.junit.jupiter.api.Test;

class AttachedLogsTest {
  private final Pins source = new Pins();
  private final AttachedLogs attached = new AttachedLogs(source);

  /** Only opens files ahead, except those of the pod {@code away}. */
  private static final class Pins implements LogSource {
    private final Map<String, List<Pin>> byPod = new ConcurrentHashMap<>();

    List<Pin> of(String pod) {
      return byPod.getOrDefault(pod, List.of());
    }

    @Override
    public LogStream pin(Container container) throws IOException {
      if (container.pod().equals("away")) {
        throw new IOException("no such pod");
      }
      Pin pin = new Pin();
      byPod.computeIfAbsent(container.pod(), first -> new ArrayList<>()).add(pin);
      return pin;
    }

    @Override
    public LogStream follow(Container container, Optional<Instant> since) {
      throw new UnsupportedOperationException();
    }

    @Override
    public LogStream read(Container container, Optional<Instant> since) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Instant> newestFileBegins(Container container) {
      throw new UnsupportedOperationException();
    }
  }

  private static final class Pin implements LogStream {
    private volatile boolean isClosed;

    @Override
    public int read(byte[] into) {
      return 0;
    }

    @Override
    public void onArrival(Runnable toCall) {
      // Nothing arrives.
    }

    @Override
    public void close() {
      isClosed = true;
    }
  }

  private static Target target(String pod) {
    return new Target("uid-" + pod, new Container(pod, "solve"));
  }

  /** Opening may take longer than who attaches waits for it. */
  private Optional<LogStream> taken(String podUid) {
    return await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> attached.take(podUid), Optional::isPresent);
  }

  @Test
  void whatWasOpenedIsTakenOnceAndStaysOpen() throws Exception {
    // given
    attached.attach(List.of(target("one"), target("two")));

    // when
    Optional<LogStream> taken = taken("uid-one");
    Optional<LogStream> takenAgain = attached.take("uid-one");
    attached.close();

    // then
    assertThat(taken).contains(source.of("one").getFirst());
    assertThat(takenAgain).isEmpty();
    assertThat(source.of("one").getFirst().isClosed).isFalse();
    assertThat(source.of("two").getFirst().isClosed).isTrue();
    assertThat(attached.take("uid-two")).isEmpty();
  }

  @Test
  void whatIsOpenedForALaterLeaderReplacesWhatWasOpenedBefore() throws Exception {
    // given
    attached.attach(List.of(target("one")));

    // when
    attached.attach(List.of(target("one")));

    // then
    List<Pin> pins = source.of("one");
    assertThat(pins).extracting(pin -> pin.isClosed).containsExactly(true, false);
    assertThat(taken("uid-one")).contains(pins.getLast());
  }

  @Test
  void aLogThatCannotBeOpenedKeepsNoOtherFromIt() throws Exception {
    // when
    attached.attach(List.of(target("away"), target("one")));

    // then
    assertThat(attached.take("uid-away")).isEmpty();
    assertThat(taken("uid-one")).isPresent();
  }
}
