package mstc.cloud.worker.adapters.http;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.view.JobViews;
import mstc.cloud.worker.domain.view.JobWatcher;
import mstc.cloud.worker.domain.view.LogReader;

/** Counts the logs that are open in a runtime. */
final class CountedViews implements JobViews {
  private final JobViews views;
  private final AtomicInteger open = new AtomicInteger();

  CountedViews(JobViews views) {
    this.views = views;
  }

  int open() {
    return open.get();
  }

  @Override
  public void watch(JobWatcher watcher) {
    views.watch(watcher);
  }

  @Override
  public Optional<LogReader> openLog(UniqueName name, Optional<String> after, boolean follow) {
    return views.openLog(name, after, follow).map(Counted::new);
  }

  private final class Counted implements LogReader {
    private final LogReader reader;
    private final AtomicBoolean closed = new AtomicBoolean();

    Counted(LogReader reader) {
      this.reader = reader;
      open.incrementAndGet();
    }

    @Override
    public Result read(Duration atMost) throws InterruptedException {
      return reader.read(atMost);
    }

    @Override
    public void close() {
      reader.close();
      if (closed.compareAndSet(false, true)) {
        open.decrementAndGet();
      }
    }
  }
}
