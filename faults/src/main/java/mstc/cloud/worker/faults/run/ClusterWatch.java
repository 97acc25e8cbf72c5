package mstc.cloud.worker.faults.run;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateRunning;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import mstc.cloud.worker.faults.history.Event;
import mstc.cloud.worker.faults.history.Event.JobSeen;
import mstc.cloud.worker.faults.history.Event.PodSeen;
import mstc.cloud.worker.faults.history.HistoryFile;
import org.jspecify.annotations.Nullable;

/** Notes what becomes of Jobs and pods, bypassing all proxies. */
final class ClusterWatch implements AutoCloseable {
  private static final String REQUEST_LABEL = "app.kubernetes.io/name";
  private static final String ANSWERED = "mstc/answered";

  /** Replaces the time, which alone makes equal states differ. */
  private static final Instant NO_TIME = Instant.EPOCH;

  private final HistoryFile history;
  private final Map<String, Event> lastStates = new ConcurrentHashMap<>();
  private final Map<String, JobSeen> jobs = new ConcurrentHashMap<>();
  private final Map<String, PodSeen> pods = new ConcurrentHashMap<>();
  private final SharedIndexInformer<Job> jobInformer;
  private final SharedIndexInformer<Pod> podInformer;

  ClusterWatch(Cluster cluster, HistoryFile history) {
    this.history = history;
    jobInformer =
        cluster
            .admin()
            .batch()
            .v1()
            .jobs()
            .inNamespace(cluster.namespace())
            .inform(new Notes<>(this::noteJob, this::noteGoneJob));
    podInformer =
        cluster
            .admin()
            .pods()
            .inNamespace(cluster.namespace())
            .inform(new Notes<>(this::notePod, this::noteGonePod));
  }

  /** The request's Job as it was last seen. */
  Optional<JobSeen> job(String request) {
    return Optional.ofNullable(jobs.get(request));
  }

  /** Whether a container of the request runs. */
  boolean isRunning(String request) {
    PodSeen pod = pods.get(request);
    return pod != null
        && pod.startedAt().isPresent()
        && pod.finishedAt().isEmpty()
        && !pod.deleting()
        && !pod.gone();
  }

  private void noteJob(Job job) {
    note(job(job, false));
  }

  private void noteGoneJob(Job job) {
    note(job(job, true));
  }

  private void notePod(Pod pod) {
    note(pod(pod, false));
  }

  private void noteGonePod(Pod pod) {
    note(pod(pod, true));
  }

  private void note(JobSeen seen) {
    jobs.put(seen.request(), seen);
    noteIfNew(
        seen,
        seen.uid(),
        new JobSeen(
            NO_TIME,
            seen.request(),
            seen.uid(),
            seen.name(),
            seen.suspended(),
            seen.answered(),
            seen.ended(),
            seen.gone()));
  }

  private void note(PodSeen seen) {
    pods.put(seen.request(), seen);
    noteIfNew(
        seen,
        seen.uid(),
        new PodSeen(
            NO_TIME,
            seen.request(),
            seen.jobUid(),
            seen.uid(),
            seen.phase(),
            seen.reason(),
            seen.startedAt(),
            seen.finishedAt(),
            seen.exitCode(),
            seen.deleting(),
            seen.disrupted(),
            seen.gone()));
  }

  private void noteIfNew(Event seen, String uid, Event state) {
    if (!state.equals(lastStates.put(uid, state))) {
      history.note(seen);
    }
  }

  private static String request(HasMetadata resource) {
    return resource.getMetadata().getLabels().getOrDefault(REQUEST_LABEL, "");
  }

  static JobSeen job(Job job, boolean gone) {
    return new JobSeen(
        Instant.now(),
        request(job),
        job.getMetadata().getUid(),
        job.getMetadata().getName(),
        Boolean.TRUE.equals(job.getSpec().getSuspend()),
        isAnswered(job),
        job.getStatus() != null
            && job.getStatus().getConditions().stream()
                .anyMatch(condition ->
                    "True".equals(condition.getStatus())
                        && (condition.getType().equals("Complete")
                            || condition.getType().equals("Failed"))),
        gone);
  }

  static boolean isAnswered(Job job) {
    return job.getMetadata().getAnnotations().containsKey(ANSWERED);
  }

  static PodSeen pod(Pod pod, boolean gone) {
    Optional<ContainerState> state =
        pod.getStatus().getContainerStatuses().stream().map(ContainerStatus::getState).findFirst();
    Optional<ContainerStateTerminated> terminated =
        state.map(ContainerState::getTerminated).filter(ended -> ended.getStartedAt() != null);
    return new PodSeen(
        Instant.now(),
        request(pod),
        pod.getMetadata().getOwnerReferences().stream()
            .map(owner -> owner.getUid())
            .findFirst()
            .orElse(""),
        pod.getMetadata().getUid(),
        String.valueOf(pod.getStatus().getPhase()),
        Optional.ofNullable(pod.getStatus().getReason()),
        time(terminated, ContainerStateTerminated::getStartedAt)
            .or(() ->
                time(state.map(ContainerState::getRunning), ContainerStateRunning::getStartedAt)),
        time(terminated, ContainerStateTerminated::getFinishedAt),
        terminated.map(t -> OptionalInt.of(t.getExitCode())).orElse(OptionalInt.empty()),
        pod.getMetadata().getDeletionTimestamp() != null,
        pod.getStatus().getConditions().stream()
            .anyMatch(condition ->
                condition.getType().equals("DisruptionTarget")
                    && "True".equals(condition.getStatus())),
        gone);
  }

  /** A container that never ran has the zero time as its end. */
  private static <T> Optional<Instant> time(Optional<T> state, Function<T, @Nullable String> time) {
    return state
        .flatMap(s -> Optional.ofNullable(time.apply(s)))
        .map(text -> OffsetDateTime.parse(text).toInstant())
        .filter(instant -> instant.isAfter(NO_TIME));
  }

  @Override
  public void close() {
    Stream.of(jobInformer, podInformer).forEach(SharedIndexInformer::stop);
  }

  /** Passes on every state of a resource. */
  private record Notes<T>(Consumer<T> state, Consumer<T> end) implements ResourceEventHandler<T> {
    @Override
    public void onAdd(T added) {
      state.accept(added);
    }

    @Override
    public void onUpdate(T before, T updated) {
      state.accept(updated);
    }

    @Override
    public void onDelete(T deleted, boolean deletedFinalStateUnknown) {
      end.accept(deleted);
    }
  }
}
