package mstc.cloud.worker.bootstrap.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import mstc.cloud.worker.bootstrap.remote.EventStream;
import mstc.cloud.worker.bootstrap.remote.WorkerApi;
import mstc.cloud.worker.bootstrap.remote.WorkerApiException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Shows jobs as they change. The worker's events tell that something has changed; what matches the
 * filter is then asked for, at most once a second, so that only the worker decides about that.
 */
abstract class JobWatch {
  private static final Duration BETWEEN_LISTINGS = Duration.ofSeconds(1);
  private static final Duration BETWEEN_TRIES = Duration.ofSeconds(2);

  /** Ages grow though nothing changes. */
  private static final Duration REDRAW = Duration.ofSeconds(5);

  /** What the worker's events tell. */
  private sealed interface News {
    record Changed() implements News {}

    record Refused(WorkerApiException why) implements News {}
  }

  /** Asks for the jobs. */
  interface Lister {
    JobListing list() throws InterruptedException;
  }

  /** Draws the whole table again and again. */
  static JobWatch screen(PrintWriter out) {
    return new Screen(out);
  }

  /** Adds a line for each job that changes. */
  static JobWatch lines(PrintWriter out) {
    return new Additions(out, JobTable::change);
  }

  /** Adds a JSON object for each job that changes. */
  static JobWatch objects(PrintWriter out) {
    return new Additions(out, JsonNode::toString);
  }

  abstract void show(JobListing listing);

  /**
   * Shows the jobs until the output is closed, or the worker refuses. A worker that is gone is
   * waited for, unless it never was there.
   */
  final void run(WorkerApi api, Lister lister, PrintWriter err) throws InterruptedException {
    JobListing listing = lister.list();
    show(listing);
    BlockingQueue<News> news = new ArrayBlockingQueue<>(1);
    Thread reader = Thread.ofVirtual().name("events").start(() -> follow(api, news, err));
    try {
      while (isOpen()) {
        @Nullable News told = news.poll(REDRAW.toMillis(), TimeUnit.MILLISECONDS);
        if (told instanceof News.Refused(WorkerApiException why)) {
          throw why;
        }
        if (told != null) {
          listing = listed(lister, listing);
        }
        show(listing);
        Thread.sleep(BETWEEN_LISTINGS);
      }
    } finally {
      reader.interrupt();
    }
  }

  abstract boolean isOpen();

  /** The events tell when the worker is back, and then all is listed again. */
  private static JobListing listed(Lister lister, JobListing before) throws InterruptedException {
    try {
      return lister.list();
    } catch (WorkerApiException e) {
      if (!e.isRetryable()) {
        throw e;
      }
      return before;
    }
  }

  private static void follow(WorkerApi api, BlockingQueue<News> news, PrintWriter err) {
    String reported = "";
    try {
      while (true) {
        try (EventStream events = api.events("/mstc/events", Optional.empty())) {
          while (events.next().isPresent()) {
            reported = "";
            var _ = news.offer(new News.Changed());
          }
        } catch (WorkerApiException e) {
          if (!e.isRetryable()) {
            news.put(new News.Refused(e));
            return;
          }
          if (!reported.equals(e.getMessage())) {
            reported = String.valueOf(e.getMessage());
            err.println("mstc: " + reported + "; trying again");
            err.flush();
          }
        }
        Thread.sleep(BETWEEN_TRIES);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody watches any more
    }
  }

  private static final class Screen extends JobWatch {
    /** ANSI: to the corner, and nothing below. */
    private static final String CLEAR = "\u001b[H\u001b[J";

    private final PrintWriter out;

    Screen(PrintWriter out) {
      this.out = out;
    }

    @Override
    void show(JobListing listing) {
      List<String> table = JobTable.of(listing.jobs(), Instant.now());
      out.print(CLEAR);
      table.forEach(out::println);
      if (listing.total() > listing.jobs().size()) {
        out.printf("%d more%n", listing.total() - listing.jobs().size());
      }
      out.flush();
    }

    @Override
    boolean isOpen() {
      return !out.checkError();
    }
  }

  private static final class Additions extends JobWatch {
    private final PrintWriter out;
    private final Function<JsonNode, String> line;
    private final Map<String, String> shown = new HashMap<>();

    Additions(PrintWriter out, Function<JsonNode, String> line) {
      this.out = out;
      this.line = line;
    }

    @Override
    void show(JobListing listing) {
      Map<String, String> current = new HashMap<>();
      for (JsonNode job : listing.jobs().reversed()) {
        String name = job.path("name").asString("");
        String text = line.apply(job);
        current.put(name, text);
        if (!text.equals(shown.get(name))) {
          out.println(text);
        }
      }
      shown.clear();
      shown.putAll(current);
      out.flush();
    }

    @Override
    boolean isOpen() {
      return !out.checkError();
    }
  }
}
