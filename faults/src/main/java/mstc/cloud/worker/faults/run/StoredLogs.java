package mstc.cloud.worker.faults.run;

import io.minio.errors.MinioException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import mstc.cloud.worker.faults.history.Event.JobSeen;
import mstc.cloud.worker.faults.history.Event.LogRead;
import mstc.cloud.worker.faults.history.HistoryFile;
import mstc.cloud.worker.faults.load.KnownText;
import mstc.cloud.worker.faults.load.StoredParts;
import mstc.cloud.worker.faults.schedule.PlannedRequest;

/** Reads every stored log and notes how much of it is what its job wrote. */
final class StoredLogs {
  private final Store store;
  private final HistoryFile history;

  StoredLogs(Store store, HistoryFile history) {
    this.store = store;
    this.history = history;
  }

  /** Reads them all. */
  void note(List<PlannedRequest> requests) throws IOException, MinioException {
    Map<String, KnownText> texts =
        requests.stream()
            .collect(
                Collectors.toMap(
                    PlannedRequest::request, request -> request.scenario().work().text()));
    Map<String, JobSeen> jobs =
        history
            .soFar()
            .all(JobSeen.class)
            .collect(
                Collectors.toMap(
                    job -> job.name() + ".log", Function.identity(), (first, _) -> first));
    for (String object : store.objects()) {
      JobSeen job = jobs.get(object);
      KnownText text = job == null ? null : texts.get(job.request());
      if (job != null && text != null) {
        note(job.request(), object, text);
      }
    }
  }

  private void note(String request, String object, KnownText text)
      throws IOException, MinioException {
    try (InputStream in = store.read(object)) {
      StoredParts parts = StoredParts.read(in, text);
      history.note(new LogRead(Instant.now(), request, object, parts.bytes(), parts.parts()));
    }
  }
}
