package mstc.cloud.worker.faults.run;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.minio.errors.MinioException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import mstc.cloud.worker.faults.history.Event.JobSeen;
import mstc.cloud.worker.faults.history.Event.LeftBehind;
import mstc.cloud.worker.faults.history.Event.Place;
import mstc.cloud.worker.faults.history.HistoryFile;

/** Looks for what should not be there when everything is over. */
final class Leftovers {
  private static final String LOG_SUFFIX = ".log";

  private final Cluster cluster;
  private final Client client;
  private final Store store;
  private final List<Replica> replicas;
  private final HistoryFile history;

  Leftovers(
      Cluster cluster, Client client, Store store, List<Replica> replicas, HistoryFile history) {
    this.cluster = cluster;
    this.client = client;
    this.store = store;
    this.replicas = replicas;
    this.history = history;
  }

  /** All leftovers except dead letters. */
  List<LeftBehind> find() throws IOException, TimeoutException, MinioException {
    List<LeftBehind> found = new ArrayList<>();
    if (client.waiting() > 0) {
      found.add(left(Place.WORK_QUEUE, client.waiting() + " messages"));
    }
    if (client.repliesLeft() > 0) {
      found.add(left(Place.REPLY_QUEUE, client.repliesLeft() + " messages"));
    }
    for (Job job : cluster.jobs()) {
      if (Boolean.TRUE.equals(job.getSpec().getSuspend())) {
        found.add(left(Place.SUSPENDED_JOB, job.getMetadata().getName()));
      } else if (!ClusterWatch.isAnswered(job)) {
        found.add(left(Place.UNANSWERED_JOB, job.getMetadata().getName()));
      }
    }
    store.uploads().forEach(upload -> found.add(left(Place.UPLOAD, upload)));
    Set<String> logs = logs();
    store.objects().stream()
        .filter(object -> !logs.contains(object))
        .forEach(object -> found.add(left(Place.OBJECT, object)));
    for (Replica replica : replicas) {
      addFiles(found, Place.SPOOL, replica.scratch().files());
      addFiles(found, Place.TEMPORARY_FILE, replica.temporaryFiles());
    }
    return found;
  }

  /** Takes the dead letters, once. */
  List<LeftBehind> takeDeadLetters() throws IOException, TimeoutException {
    return client.takeDeadLetters().stream()
        .map(send ->
            new LeftBehind(Instant.now(), Place.DEAD_LETTERS, send.orElse("of nobody known"), send))
        .toList();
  }

  private Set<String> logs() {
    return history
        .soFar()
        .all(JobSeen.class)
        .map(job -> job.name() + LOG_SUFFIX)
        .collect(Collectors.toSet());
  }

  private static void addFiles(List<LeftBehind> found, Place place, List<Path> files) {
    files.forEach(file -> found.add(left(place, file.toString())));
  }

  private static LeftBehind left(Place place, String words) {
    return new LeftBehind(Instant.now(), place, words, Optional.empty());
  }
}
