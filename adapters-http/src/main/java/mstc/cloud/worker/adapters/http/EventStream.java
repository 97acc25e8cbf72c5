package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import mstc.cloud.worker.adapters.http.Answer.Body;
import mstc.cloud.worker.adapters.http.Answer.Length;
import mstc.cloud.worker.adapters.http.Resource.Operation;
import mstc.cloud.worker.application.view.JobSubscription;
import mstc.cloud.worker.application.view.JobSubscription.Changes;
import mstc.cloud.worker.application.view.ListJobs;
import mstc.cloud.worker.wire.JobJson;

/** Tells of all jobs, and from then on of those that change, as server-sent events. */
final class EventStream {
  /** Also what one client may make the worker hold for it. */
  private static final int JOBS_PER_EVENT = 100;

  private static final Duration BETWEEN_EVENTS = Duration.ofMillis(200);

  private final ListJobs listJobs;

  EventStream(ListJobs listJobs) {
    this.listJobs = listJobs;
  }

  List<Resource> all() {
    return List.of(new Resource("/mstc/events", Operation.reading(call -> events())));
  }

  private Answer events() {
    return new Answer.Streamed(
        200,
        EventWriter.CONTENT_TYPE,
        Map.of("Cache-Control", "no-store"),
        Length.ENDLESS,
        new Events(listJobs.subscribe()));
  }

  private record Events(JobSubscription subscription) implements Body {
    @Override
    public void writeTo(ResponseStream out) throws IOException, InterruptedException {
      EventWriter writer = new EventWriter(out);
      Changes changes = subscription.take(JOBS_PER_EVENT, Duration.ZERO);
      writer.event("jobs", JobJson.list(changes.jobs()));
      while (changes.more()) {
        changes = subscription.take(JOBS_PER_EVENT, Duration.ZERO);
        tell(changes, writer);
      }
      writer.event("synced", "{}");
      while (true) {
        changes = subscription.take(JOBS_PER_EVENT, EventWriter.QUIET);
        if (changes.isEmpty()) {
          writer.comment();
        } else {
          tell(changes, writer);
        }
        if (!changes.more()) {
          Thread.sleep(BETWEEN_EVENTS);
        }
      }
    }

    private static void tell(Changes changes, EventWriter writer)
        throws IOException, InterruptedException {
      if (!changes.jobs().isEmpty()) {
        writer.event("jobs", JobJson.list(changes.jobs()));
      }
      if (!changes.gone().isEmpty()) {
        writer.event("gone", JobJson.names(changes.gone()));
      }
    }

    @Override
    public void close() {
      subscription.close();
    }
  }
}
