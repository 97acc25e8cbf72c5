package mstc.cloud.worker.application.view;

import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.store.ObjectReader;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobSummary;
import mstc.cloud.worker.domain.view.JobViews;
import mstc.cloud.worker.domain.view.LogReader;

/** Finds where a job's log is: with the runtime until the job is answered, then in the store. */
final class LogFinder {
  private final JobBoard board;
  private final JobViews views;
  private final ObjectReader store;

  LogFinder(JobBoard board, JobViews views, ObjectReader store) {
    this.board = board;
    this.views = views;
    this.store = store;
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
}
