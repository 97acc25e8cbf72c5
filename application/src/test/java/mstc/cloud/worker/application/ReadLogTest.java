package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.application.view.OpenLog;
import mstc.cloud.worker.application.view.ReadLog.Opening;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.view.LogReader.Piece;
import mstc.cloud.worker.domain.view.LogReader.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A job's log is found wherever it is, and nothing of it is lost when it goes elsewhere. */
@Timeout(60)
class ReadLogTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Optional<String> FROM_BEGINNING = Optional.empty();

  private final Site site = new Site().start();

  @AfterEach
  void close() {
    site.close();
  }

  private UniqueName running() {
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    UniqueName job = site.awaitJob();
    Site.eventually().until(() -> isShown(job));
    return job;
  }

  private boolean isShown(UniqueName job) {
    return site.worker.listJobs().find(job).isPresent();
  }

  private UniqueName answered() {
    UniqueName job = running();
    site.succeed(job);
    awaitAnswered(job);
    return job;
  }

  private void awaitAnswered(UniqueName job) {
    Site.eventually()
        .until(() ->
            site.worker.listJobs().find(job).flatMap(found -> found.job().outcome()).isPresent());
  }

  private OpenLog open(UniqueName job, Optional<String> after, boolean follow)
      throws InterruptedException {
    return ((Opening.Opened) site.worker.readLog().open(job, after, follow)).log();
  }

  private static Piece next(OpenLog log) throws InterruptedException {
    return ((Result.More) log.read(LONG)).piece();
  }

  private static String text(Piece piece) {
    return new String(piece.text(), StandardCharsets.UTF_8);
  }

  private static String rest(OpenLog log) throws InterruptedException {
    StringBuilder text = new StringBuilder();
    while (log.read(LONG) instanceof Result.More(Piece piece)) {
      text.append(text(piece));
    }
    return text.toString();
  }

  @Test
  void aRunningJobHasWhatItHasWrittenByNow() throws InterruptedException {
    // given
    UniqueName job = running();
    site.runtime.write(job, "begun\n");

    // when
    try (OpenLog log = open(job, FROM_BEGINNING, false)) {
      // then
      assertThat(log.stored()).isEmpty();
      assertThat(rest(log)).isEqualTo("begun\n");
    }
  }

  @Test
  void aFollowerReadsWhatIsWrittenUntilTheJobHasEnded() throws InterruptedException {
    // given
    UniqueName job = running();
    try (OpenLog log = open(job, FROM_BEGINNING, true)) {
      site.runtime.write(job, "begun\n");
      assertThat(text(next(log))).isEqualTo("begun\n");

      // when
      site.succeed(job);

      // then
      assertThat(rest(log)).isEqualTo("what it wrote\n");
    }
  }

  @Test
  void whileNothingIsWrittenThereIsNothing() throws InterruptedException {
    // given
    UniqueName job = running();

    // when
    try (OpenLog log = open(job, FROM_BEGINNING, true)) {
      // then
      assertThat(log.read(Duration.ofMillis(5))).isInstanceOf(Result.Nothing.class);
    }
  }

  @Test
  void anAnsweredJobHasItsStoredLog() throws InterruptedException {
    // given
    UniqueName job = answered();

    // when
    try (OpenLog log = open(job, FROM_BEGINNING, true)) {
      // then
      assertThat(log.stored().orElseThrow().bytes()).isEqualTo("what it wrote\n".length());
      assertThat(rest(log)).isEqualTo("what it wrote\n");
    }
  }

  @Test
  void aStoredLogIsReadFromAnywhere() throws InterruptedException {
    // given
    UniqueName job = answered();

    // when
    try (OpenLog log = open(job, FROM_BEGINNING, false)) {
      log.skip("what it ".length());

      // then
      assertThat(rest(log)).isEqualTo("wrote\n");
    }
  }

  @Test
  void whoHasReadFromTheRuntimeReadsOnFromTheStore() throws InterruptedException {
    // given
    UniqueName job = running();
    site.runtime.write(job, "begun\n");
    String position;
    try (OpenLog log = open(job, FROM_BEGINNING, true)) {
      position = next(log).position();
    }

    // when
    site.succeed(job);
    awaitAnswered(job);

    // then
    try (OpenLog log = open(job, Optional.of(position), true)) {
      assertThat(log.stored()).isPresent();
      assertThat(rest(log)).isEqualTo("what it wrote\n");
    }
  }

  @Test
  void whoHasMissedSomethingReadsTheWholeStoredLogAndIsTold() throws InterruptedException {
    // given
    UniqueName job = running();
    site.runtime.write(job, "lost\nkept\n");
    site.runtime.dropBeginning(job, "lost\n".length());
    String position;
    try (OpenLog log = open(job, FROM_BEGINNING, true)) {
      Piece piece = next(log);
      assertThat(piece.notice()).isPresent();
      position = piece.position();
    }

    // when
    site.succeed(job);
    awaitAnswered(job);

    // then
    try (OpenLog log = open(job, Optional.of(position), true)) {
      Piece piece = next(log);
      assertThat(piece.notice().orElseThrow()).contains("as it was stored");
      assertThat(text(piece)).isEqualTo("lost\nkept\nwhat it wrote\n");
    }
  }

  @Test
  void aFollowerIsNotLostWhileTheRuntimeIsAway() throws InterruptedException {
    // given
    UniqueName job = running();
    try (OpenLog log = open(job, FROM_BEGINNING, true)) {
      site.runtime.write(job, "begun\n");
      assertThat(text(next(log))).isEqualTo("begun\n");

      // when
      site.runtime.breakDown();
      assertThat(log.read(Duration.ofMillis(50))).isInstanceOf(Result.Nothing.class);
      site.runtime.recover();
      site.runtime.write(job, "again\n");

      // then
      assertThat(text(next(log))).isEqualTo("again\n");
    }
  }

  @Test
  void whoWantsWhatIsWrittenByNowIsToldThatTheRuntimeFails() throws InterruptedException {
    // given
    UniqueName job = running();
    site.runtime.write(job, "begun\n");
    try (OpenLog log = open(job, FROM_BEGINNING, false)) {
      // when
      site.runtime.breakDown();

      // then
      assertThatThrownBy(() -> log.read(LONG)).hasMessageContaining("cannot be re");
    }
    site.runtime.recover();
  }

  @Test
  void aLogThatIsClosedHasEnded() throws InterruptedException {
    // given
    UniqueName job = running();
    OpenLog log = open(job, FROM_BEGINNING, true);

    // when
    log.close();

    // then
    assertThat(log.read(LONG)).isInstanceOf(Result.End.class);
  }

  @Test
  void aJobThatThereIsNotHasNone() throws InterruptedException {
    assertThat(
            site.worker
                .readLog()
                .open(
                    new UniqueName("solve-00000000-0000-0000-0000-000000000001"),
                    FROM_BEGINNING,
                    true))
        .isInstanceOf(Opening.None.class);
  }

  @Test
  void aLogThatWasRemovedFromTheStoreIsNoLongerThere() throws InterruptedException {
    // given
    UniqueName job = answered();
    site.store.delete(site.logs().getFirst());

    // when
    Opening opening = site.worker.readLog().open(job, FROM_BEGINNING, true);

    // then
    assertThat(((Opening.None) opening).why()).contains("results/", "no longer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "w12", "s12-x", "s-1", "w1-", "s99999999999999999999"})
  void whatIsNoPositionIsRefused(String position) {
    // given
    UniqueName job = running();

    // then
    assertThatThrownBy(() -> open(job, Optional.of(position), true))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
