package mstc.cloud.worker.application.view;

import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.store.ObjectReader;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobSummary;
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
  private final JobViews views;
  private final ObjectReader store;
  private final Backoff backoff;

  /**
   * @param backoff the delays between attempts to read on
   */
  public ReadLog(JobBoard board, JobViews views, ObjectReader store, Backoff backoff) {
    this.board = board;
    this.views = views;
    this.store = store;
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
    OpenLog log = new OpenLog(this, name, position, follow, backoff);
    return switch (find(name, position, follow, ANSWERING)) {
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

  /** Where a log is to be read from at the moment. */
  sealed interface Source {
    record Running(LogReader reader) implements Source {}

    record Store(StoredLogReader reader, StoredLog log) implements Source {}

    /** It is in neither place, and will be in the store. */
    record NotNow() implements Source {}

    /** It is not in the store, and will never be. */
    record Nothing(String why) implements Source {}

    /** There is no such job. */
    record Unknown() implements Source {}
  }

  /**
   * Finds where the log is. A job that is being answered loses its log in the runtime only when it
   * is in the store; so this waits until that is known, for at most the patience.
   */
  Source find(UniqueName name, LogPosition position, boolean follow, Duration patience)
      throws InterruptedException {
    Optional<JobSummary> job = board.find(name);
    if (job.isEmpty()) {
      return new Source.Unknown();
    }
    if (job.get().state() != JobState.ENDED) {
      Optional<LogReader> reader = views.openLog(name, position.runtime(), follow);
      if (reader.isPresent()) {
        return new Source.Running(reader.get());
      }
      job = board.await(name, JobState.ENDED, patience);
    }
    return job.map(this::stored).orElseGet(Source.Unknown::new);
  }

  private Source stored(JobSummary job) {
    if (job.state() != JobState.ENDED) {
      return new Source.NotNow();
    }
    Optional<StoredLog> log = job.reply().flatMap(Reply::log);
    if (log.isEmpty()) {
      return new Source.Nothing("the job has no log: it could not be stored, or there was none");
    }
    return StoredLogReader.open(store, log.get().location())
        .<Source>map(reader -> new Source.Store(reader, log.get()))
        .orElseGet(() ->
            new Source.Nothing(
                "the log " + log.get().location() + " is no longer in the object store"));
  }

  /** The job as it is now, once it is answered; waits for that for at most that long. */
  public Optional<JobDetail> awaitAnswer(UniqueName name, Duration atMost)
      throws InterruptedException {
    var _ = board.await(name, JobState.ENDED, atMost);
    return board.detail(name);
  }
}
