package mstc.cloud.worker.application.view;

import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.application.view.LogFinder.Source;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.store.ObjectReader;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobViews;
import mstc.cloud.worker.domain.view.LogReader;

/**
 * Reads the logs of jobs: of one that is not answered, what its runtime has; of one that is, what
 * was stored.
 */
public final class ReadLog {
  /**
   * How long to wait, once the runtime no longer has a log, until this worker learns that it is in
   * the store.
   */
  private static final Duration ANSWERING = Duration.ofSeconds(5);

  private final JobBoard board;
  private final LogFinder finder;
  private final Backoff backoff;

  /**
   * @param backoff the delays between attempts to read on
   */
  public ReadLog(JobBoard board, JobViews views, ObjectReader store, Backoff backoff) {
    this.board = board;
    this.finder = new LogFinder(board, views, store);
    this.backoff = backoff;
  }

  /** What became of an attempt to open a log. */
  public sealed interface Opening {
    /** It can be read; the caller closes it. */
    record Opened(OpenLog log) implements Opening {}

    /** It cannot be read now, but later. */
    record NotNow(String why) implements Opening {}

    /** There is none, or no such job. */
    record None(String why) implements Opening {}
  }

  /**
   * Opens a job's log. Blocks until the runtime or the store has responded.
   *
   * @param after the {@linkplain LogReader.Piece#position position} of a piece that was read
   *     before; empty to read all there is
   * @param follow whether it goes on while the job writes
   * @throws IllegalArgumentException if that is no position of a log
   * @throws mstc.cloud.worker.domain.PortException when the runtime or the store failed
   */
  public Opening open(UniqueName name, Optional<String> after, boolean follow)
      throws InterruptedException {
    LogPosition position = after.map(LogPosition::parse).orElse(LogPosition.BEGINNING);
    OpenLog log = new OpenLog(finder, name, position, follow, backoff);
    return switch (finder.find(name, position, follow, ANSWERING)) {
      case Source.Unknown() -> new Opening.None(JobBoard.NO_SUCH_JOB);
      case Source.Nothing(String why) -> new Opening.None(why);
      case Source.NotNow() ->
          new Opening.NotNow("the log is on its way to the object store; try again");
      case Source.Running running -> {
        log.begin(running);
        yield new Opening.Opened(log);
      }
      case Source.Store store -> {
        log.begin(store);
        yield new Opening.Opened(log);
      }
    };
  }

  /** The job as it is now, once it is answered; waits for that for at most that long. */
  public Optional<JobDetail> awaitAnswer(UniqueName name, Duration atMost)
      throws InterruptedException {
    var _ = board.await(name, JobState.ENDED, atMost);
    return board.detail(name);
  }
}
