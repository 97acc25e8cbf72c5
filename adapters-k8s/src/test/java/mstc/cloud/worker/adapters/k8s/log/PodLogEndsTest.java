package mstc.cloud.worker.adapters.k8s.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a log comes to its end, or to none, by what becomes of its streams. */
class PodLogEndsTest {
  private static final String ONE = "2026-11-23T10:00:01.000000001Z one\n";
  private static final String TWO = "2026-11-23T10:00:01.000000002Z two\n";
  private static final Optional<Instant> ENDED_AT =
      Optional.of(ScriptedStreams.START.plusSeconds(2));

  @TempDir Path folder;
  private final ScriptedStreams streams = new ScriptedStreams();
  private final FullDisk disk = new FullDisk();
  private Spool spool;
  private SpooledLog log;
  private PodLog podLog;

  @BeforeEach
  void open() throws IOException {
    spool = Spool.open(folder, new Spool.Limits(10_000_000, 10_000_000), disk);
    begin();
  }

  private void begin() throws IOException {
    log = spool.log("job", "pod", ScriptedStreams.START);
    podLog =
        new PodLog(
            streams,
            log,
            new LogSource.Container("pod", "container"),
            streams,
            Rotation.Sizes.OF_KUBELETS,
            Optional.empty());
  }

  @AfterEach
  void close() {
    spool.close();
  }

  private void endContainer() {
    podLog.containerEnded(ENDED_AT);
  }

  private void assertComplete(String text) throws IOException {
    assertThat(Files.readString(log.file())).isEqualTo(text);
    assertThat(podLog.warnings()).isEmpty();
    assertThat(podLog.isComplete()).isTrue();
    assertThat(log.isWhole()).isTrue();
  }

  @Test
  void aFollowedLogIsReadOnceMoreAfterItsEnd() throws Exception {
    // given
    streams.at(Duration.ofSeconds(5), this::endContainer);
    streams.thenFallSilentAfter(ONE).thenGive(ONE, TWO);

    // when
    podLog.run();
    podLog.awaitDone();

    // then
    assertComplete("one\ntwo\n");
    assertThat(streams.calls()).containsExactly("follow", "read");
    assertThat(streams.passed()).isEqualTo(Duration.ofMillis(5150));
  }

  @Test
  void aLongLogsEndIsWaitedForForLonger() throws IOException {
    // given
    streams.at(Duration.ofSeconds(5), this::endContainer);
    String part = "x".repeat(40_000);
    String[] pieces = new String[30];
    Arrays.fill(pieces, part);
    pieces[0] = ONE.replace("\n", "") + part;
    pieces[29] = part + "\n";
    streams.thenFallSilentAfter(pieces).thenGive(pieces);

    // when
    podLog.run();

    // then
    assertThat(log.gaps()).isEmpty();
    assertThat(streams.passed()).isEqualTo(Duration.ofSeconds(15));
  }

  @Test
  void aStreamThatHasEndedBeforeItsContainerIsFollowedOn() throws IOException {
    // given
    streams.at(Duration.ofSeconds(1), this::endContainer);
    streams.thenGive(ONE).thenGive(ONE).thenFallSilentAfter(ONE, TWO).thenGive(ONE, TWO);

    // when
    podLog.run();

    // then
    assertComplete("one\ntwo\n");
    assertThat(streams.calls()).startsWith("follow", "follow", "follow").endsWith("read");
  }

  @Test
  void whatCameInManyPiecesAfterTheEndIsReadOnceMore() throws IOException {
    // given
    endContainer();
    String many = "2026-11-23T10:00:01.000000003Z " + "x".repeat(20_000) + "\n";
    streams.thenGive(ONE, many).thenGive(ONE, many);

    // when
    podLog.run();

    // then
    assertThat(log.gaps()).isEmpty();
    assertThat(streams.calls()).containsExactly("read", "read");
  }

  @Test
  void ofAPodThatIsGoneTheRestIsMissing() throws IOException {
    // given
    streams.thenBreakOffAfter(ONE).thenBeGone();

    // when
    podLog.run();

    // then
    assertThat(Files.readString(log.file())).isEqualTo("one\n");
    assertThat(podLog.warnings())
        .containsExactly("the log is not complete: " + PodLog.GONE_TOO_SOON);
    assertThat(podLog.isComplete()).isFalse();
    assertThat(log.isWhole()).isTrue();
  }

  @Test
  void ofAPodThatIsGoneAfterItsEndWasHeardNothingIs() throws IOException {
    // given
    streams.at(Duration.ofSeconds(1), this::endContainer);
    streams.thenFallSilentAfter(ONE, TWO).thenBeGone();

    // when
    podLog.run();

    // then
    assertComplete("one\ntwo\n");
  }

  @Test
  void anEndWithoutWhatWasReadBeforeIsNotHeard() throws IOException {
    // given
    streams.at(Duration.ofSeconds(1), () -> podLog.leave());
    streams.at(Duration.ofSeconds(5), this::endContainer);
    // What it wrote meanwhile was rotated away, and the newest file is empty.
    streams.thenFallSilentAfter(ONE).thenFallSilentAfter().thenBeGone();
    podLog.run();
    begin();

    // when
    podLog.run();

    // then
    assertThat(streams.calls()).containsExactly("follow", "follow", "read");
    assertThat(podLog.warnings())
        .containsExactly("the log is not complete: " + PodLog.GONE_TOO_SOON);
  }

  @Test
  void anEndThatNobodyGivesIsAskedForForAWhile() throws IOException {
    // given
    streams.at(Duration.ofSeconds(1), this::endContainer);
    streams.thenFallSilentAfter(ONE).thenRefuse();

    // when
    podLog.run();

    // then
    assertThat(log.gaps())
        .containsExactly("its end could not be read: the cluster cannot be reached");
    assertThat(log.isWhole()).isTrue();
    assertThat(streams.passed()).isBetween(Duration.ofSeconds(91), Duration.ofSeconds(97));
  }

  @Test
  void aStreamThatCannotBeHadBeforeTheEndIsAskedForAgainAndAgain() throws IOException {
    // given
    streams.at(Duration.ofMinutes(10), this::endContainer);
    streams.thenGive(ONE);
    for (int refused = 0; refused < 100; refused++) {
      streams.thenRefuse();
    }
    streams.thenFallSilentAfter(ONE, TWO).thenGive(ONE, TWO);

    // when
    podLog.run();

    // then
    assertComplete("one\ntwo\n");
  }

  @Test
  void anEndThatFindsNoRoomWaitsForAnHour() throws IOException {
    // given
    streams.at(Duration.ofSeconds(1), this::endContainer);
    disk.setRoom(2);
    streams.thenFallSilentAfter(ONE);

    // when
    podLog.run();

    // then
    assertThat(log.gaps()).singleElement().asString().startsWith("its end could not be spooled: ");
    assertThat(streams.passed()).isBetween(Duration.ofMinutes(60), Duration.ofMinutes(61));
  }

  @Test
  void whatTheKubeletSaysInPlaceOfALogIsNoLog() throws IOException {
    // given
    streams.at(Duration.ofSeconds(1), this::endContainer);
    streams
        .thenGive("unable to retrieve container logs for containerd://abc")
        .thenFallSilentAfter(ONE)
        .thenGive("unable to retrieve container logs for containerd://abc")
        .thenGive(ONE, TWO);

    // when
    podLog.run();

    // then
    assertThat(Files.readString(log.file())).isEqualTo("one\ntwo\n");
    assertThat(log.isWhole()).isTrue();
  }

  @Test
  void anEndWithLessThanWasReadBeforeIsNoEnd() throws IOException {
    // given
    streams.at(Duration.ofSeconds(1), this::endContainer);
    streams.thenFallSilentAfter(ONE, TWO).thenGive(ONE).thenGive(ONE, TWO);

    // when
    podLog.run();

    // then
    assertComplete("one\ntwo\n");
    assertThat(streams.calls()).containsExactly("follow", "read", "read");
  }

  @Test
  void anEndThatFallsSilentIsLeftAndAskedForAgain() throws IOException {
    // given
    endContainer();
    streams.thenFallSilentAfter(ONE).thenGive(ONE, TWO);

    // when
    podLog.run();

    // then
    assertComplete("one\ntwo\n");
    assertThat(streams.passed()).isGreaterThan(Duration.ofSeconds(30));
  }

  @Test
  void anEndThatBreaksOffIsAskedForAgain() throws IOException {
    // given
    endContainer();
    streams.thenBreakOffAfter(ONE).thenGive(ONE, TWO);

    // when
    podLog.run();

    // then
    assertComplete("one\ntwo\n");
  }

  @Test
  void aLogThatIsCutHasItsEnd() throws IOException {
    // given
    spool.close();
    spool = Spool.open(folder, new Spool.Limits(1000, 4));
    begin();
    streams.thenFallSilentAfter(ONE, TWO);

    // when
    podLog.run();

    // then
    assertThat(log.isWhole()).isTrue();
    assertThat(log.isTruncated()).isTrue();
    assertThat(podLog.isComplete()).isFalse();
    assertThat(podLog.warnings())
        .containsExactly("the log is not complete: it was cut, as a job's log may have 4 bytes");
  }

  @Test
  void aLogThatIsClosedIsLeftToTheNextWorker() throws IOException {
    // given
    streams.at(Duration.ofSeconds(1), () -> podLog.close());
    streams.thenFallSilentAfter(ONE);

    // when
    podLog.run();

    // then
    assertThat(log.isWhole()).isFalse();
    assertThat(log.gaps()).isEmpty();
    assertThat(streams.calls()).containsExactly("follow");
    assertThat(spool.log("job", "pod", ScriptedStreams.START).resumeFrom())
        .contains(ScriptedStreams.START.plusSeconds(1));
  }

  @Test
  void whoeverLeavesAnEmptyLogFindsOutWhetherItStillIs() throws IOException {
    // given
    streams.at(Duration.ofSeconds(1), () -> podLog.leave());
    streams.thenFallSilentAfter();

    // when
    podLog.run();

    // then
    assertThat(streams.calls()).containsExactly("follow", "ask");
    assertThat(log.isWhole()).isFalse();
  }

  @Test
  void whoeverLeavesALogThatHasLinesAsksForNothing() throws IOException {
    // given
    streams.at(Duration.ofSeconds(1), () -> podLog.leave());
    streams.thenFallSilentAfter(ONE);

    // when
    podLog.run();

    // then
    assertThat(streams.calls()).containsExactly("follow");
    assertThat(podLog.isLong()).isFalse();
  }

  @Test
  void aJobThatIsSilentForLongIsFollowedAnew() throws IOException {
    // given
    streams.at(Duration.ofMinutes(16), this::endContainer);
    streams.thenFallSilentAfter(ONE).thenFallSilentAfter(ONE).thenGive(ONE, TWO);

    // when
    podLog.run();

    // then
    assertComplete("one\ntwo\n");
    assertThat(streams.calls()).containsExactly("follow", "follow", "read");
  }

  @Test
  void aBugIsAGap() throws IOException {
    // given
    streams.thenFail();

    // when
    podLog.run();

    // then
    assertThat(podLog.warnings())
        .containsExactly(
            "the log is not complete: the log could not be spooled:"
                + " java.lang.IllegalStateException: a bug");
    assertThat(log.isWhole()).isFalse();
  }

  @Test
  void whoeverIsInterruptedLeavesTheLog() throws Exception {
    // given
    streams.interrupt();
    streams.thenFallSilentAfter(ONE);

    // when
    podLog.run();
    podLog.awaitDone(Duration.ZERO);

    // then
    assertThat(log.isWhole()).isFalse();
    assertThat(log.gaps()).isEmpty();
  }

  @Test
  void aLogThatIsWholeAlreadyIsNotReadAgain() throws IOException {
    // given
    endContainer();
    streams.thenGive(ONE);
    podLog.run();
    begin();

    // when
    podLog.run();

    // then
    assertComplete("one\n");
    assertThat(streams.calls()).containsExactly("read");
  }
}
