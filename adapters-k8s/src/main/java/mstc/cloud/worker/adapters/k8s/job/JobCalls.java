package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.ScalableResource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.wire.RecordedEnd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The calls to the API server that concern one Job. Nothing is retried here; a failure is the
 * port's exception.
 */
public final class JobCalls {
  private static final Logger LOG = LoggerFactory.getLogger(JobCalls.class);

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
  private static final PatchContext JSON = PatchContext.of(PatchType.JSON);

  /** The shortest deadline there is. */
  static final long SOON_SECONDS = 1;

  /** The reasons of events that only say that a Job or a pod was ended, or how that went. */
  private static final Set<String> OF_THE_END =
      Set.of("DeadlineExceeded", "BackoffLimitExceeded", "FailedKillPod", "ExceededGracePeriod");

  /** An API server goes through all events of the namespace for each list of some. */
  private static final int MAX_EVENT_LISTS = 4;

  private final KubernetesClient client;
  private final String namespace;
  private final Duration retention;
  private final Semaphore eventLists = new Semaphore(MAX_EVENT_LISTS);

  public JobCalls(KubernetesClient client, String namespace, Duration retention) {
    this.client = client;
    this.namespace = namespace;
    this.retention = retention;
  }

  private NonNamespaceOperation<Job, JobList, ScalableResource<Job>> jobs() {
    return client.batch().v1().jobs().inNamespace(namespace);
  }

  /** Creates a Job; a failure is the client's exception. */
  public Job create(Job job) {
    if (LOG.isDebugEnabled()) {
      LOG.debug(
          "Job manifest:\n{}",
          client.getKubernetesSerialization().asYaml(JobManifest.withoutValues(job)));
    }
    return jobs().resource(job).create();
  }

  public Optional<Job> get(UniqueName name) {
    return call("job " + name, () -> Optional.ofNullable(jobs().withName(name.value()).get()));
  }

  /** Finds a Job by its label, whatever its name. */
  public Optional<Job> find(UUID uuid) {
    return call(
        "jobs of uuid " + uuid,
        () ->
            jobs()
                .withLabel(JobNames.MANAGED_BY_LABEL, JobNames.WORKER)
                .withLabel(JobNames.UUID_LABEL, uuid.toString())
                .list()
                .getItems()
                .stream()
                .findFirst());
  }

  /** Returns if Jobs may be listed. */
  public void check() {
    call(
        "jobs in namespace " + namespace,
        () ->
            jobs()
                .withLabel(JobNames.MANAGED_BY_LABEL, JobNames.WORKER)
                .list(new ListOptionsBuilder().withLimit(1L).withResourceVersion("0").build()));
  }

  /** Empty if the Job has changed since that version, or is gone. */
  public Optional<Job> replaceReplyTo(
      UniqueName name, String version, List<ReplyAddress> addresses) {
    return patchIf(
        name,
        patch(Optional.of(version), Map.of(JobNames.REPLY_TO, JobAnnotations.replyTo(addresses))));
  }

  /** Empty if the Job has changed since it was read, or is gone. */
  public Optional<Job> answer(Job job, Answer answer) {
    ObjectNode patch =
        patch(
            Optional.of(job.getMetadata().getResourceVersion()),
            Map.of(JobNames.ANSWERED, JobAnnotations.answered(answer)));
    ObjectNode spec = patch.putObject("spec");
    spec.put("ttlSecondsAfterFinished", retention.toSeconds());
    if (JobAnnotations.isHeld(job)) {
      endHeld(patch, spec, job);
    }
    return patchIf(name(job), patch);
  }

  /** Empty if the Job is gone. */
  public Optional<Job> cancel(Job job) {
    ObjectNode patch = patch(Optional.empty(), Map.of(JobNames.CANCELLED, JobAnnotations.now()));
    ObjectNode spec = patch.putObject("spec");
    spec.put("activeDeadlineSeconds", SOON_SECONDS);
    if (JobAnnotations.isHeld(job)) {
      endHeld(patch, spec, job);
    }
    return patchIf(name(job), patch);
  }

  /** Notes on a Job that has ended that nobody waits for its answer. Empty if it is gone. */
  public Optional<Job> giveUp(Job job) {
    return patchIf(
        name(job), patch(Optional.empty(), Map.of(JobNames.GIVEN_UP, JobAnnotations.now())));
  }

  /**
   * Nothing ends while it is suspended. So a held Job is resumed, without pods, and soon reaches
   * its deadline. That also ends one that was released meanwhile.
   */
  private static void endHeld(ObjectNode patch, ObjectNode spec, Job job) {
    spec.put("parallelism", 0);
    spec.put("activeDeadlineSeconds", SOON_SECONDS);
    ObjectNode metadata = (ObjectNode) patch.get("metadata");
    ((ObjectNode) metadata.get("annotations")).putNull(JobNames.HELD);
    queueToJoin(job)
        .ifPresentOrElse(
            queue -> metadata.putObject("labels").put(JobNames.QUEUE_NAME_LABEL, queue),
            () -> {
              if (!isQueued(job)) {
                spec.put("suspend", false);
              }
            });
  }

  /**
   * Lets a held Job run, whatever else has changed in it meanwhile: its controller notes that it is
   * suspended, clients join. If it is for a queue, the queue ends its suspension.
   *
   * @param uid of the very Job that is meant
   * @return empty if that Job is no longer held, or is gone
   */
  public Optional<Job> release(Job job, String uid) {
    ArrayNode patch = MAPPER.createArrayNode();
    String held = "/metadata/annotations/" + JobNames.HELD.replace("/", "~1");
    operation(patch, "test", "/metadata/uid").put("value", uid);
    operation(patch, "test", held)
        .put("value", JobAnnotations.annotation(job, JobNames.HELD).orElse(""));
    operation(patch, "remove", held);
    queueToJoin(job)
        .ifPresentOrElse(
            queue ->
                operation(
                        patch,
                        "add",
                        "/metadata/labels/" + JobNames.QUEUE_NAME_LABEL.replace("/", "~1"))
                    .put("value", queue),
            () -> {
              if (!isQueued(job)) {
                operation(patch, "replace", "/spec/suspend").put("value", false);
              }
            });
    try {
      return Optional.of(jobs().resource(named(name(job))).patch(JSON, text(patch)));
    } catch (KubernetesClientException e) {
      if (ApiErrors.isNotFound(e)) {
        return Optional.empty();
      }
      // Also the status if one of the tests fails.
      if (ApiErrors.isUnprocessable(e)) {
        Optional<Job> now = get(name(job));
        if (now.filter(found -> isHeldAs(found, uid)).isEmpty()) {
          return Optional.empty();
        }
      }
      throw failure("job " + name(job), e);
    }
  }

  private static boolean isHeldAs(Job job, String uid) {
    return job.getMetadata().getUid().equals(uid) && JobAnnotations.isHeld(job);
  }

  /** The queue that the Job is for, unless the cluster has given it one already. */
  private static Optional<String> queueToJoin(Job job) {
    return JobAnnotations.annotation(job, JobNames.HELD)
        .filter(queue -> !queue.isEmpty() && !isQueued(job));
  }

  /** Whether a queue of Kueue is to admit it. */
  static boolean isQueued(Job job) {
    return Optional.ofNullable(job.getMetadata().getLabels())
        .map(labels -> labels.containsKey(JobNames.QUEUE_NAME_LABEL))
        .orElse(false);
  }

  private static ObjectNode operation(ArrayNode patch, String operation, String path) {
    return patch.addObject().put("op", operation).put("path", path);
  }

  /** Empty if the Job is gone. */
  public Optional<Job> endUnstartable(UniqueName name, JobAnnotations.Unstartable why) {
    return endSoon(
        name,
        Map.of(
            JobNames.UNSTARTABLE,
            JobAnnotations.unstartable(
                new JobAnnotations.Unstartable(
                    why.kind(),
                    PrintableText.oneLine(why.reason(), JobOutcome.MAX_REASON_LENGTH)))));
  }

  /** Ends a Job whose time is over, if it would create another pod. Empty if the Job is gone. */
  public Optional<Job> endOverdue(UniqueName name) {
    return endSoon(name, Map.of());
  }

  /** Ends a Job whose job has ended, and records how. Empty if the Job is gone. */
  public Optional<Job> endSettled(UniqueName name, RecordedEnd end) {
    return endSoon(name, Map.of(JobNames.ENDED, JobAnnotations.ended(end)));
  }

  /** Ends a pod whose job's process has ended. Its Job counts it as failed. */
  public void delete(Pod pod) {
    String name = pod.getMetadata().getName();
    call("pod " + name, () -> client.pods().inNamespace(namespace).withName(name).delete());
  }

  /** Does not delete it: the record must outlive its answer. */
  private Optional<Job> endSoon(UniqueName name, Map<String, String> annotations) {
    ObjectNode patch = patch(Optional.empty(), annotations);
    patch.putObject("spec").put("activeDeadlineSeconds", SOON_SECONDS);
    return patchIf(name, patch);
  }

  /** Whether one of these calls has ended it. */
  public static boolean isToEndSoon(Job job) {
    return Objects.equals(job.getSpec().getActiveDeadlineSeconds(), SOON_SECONDS);
  }

  /** Merges a patch. Empty if the Job has changed since the version in the patch, or is gone. */
  Optional<Job> patchIf(UniqueName name, ObjectNode patch) {
    try {
      return Optional.of(jobs().resource(named(name)).patch(MERGE, text(patch)));
    } catch (KubernetesClientException e) {
      if (ApiErrors.isConflict(e) || ApiErrors.isNotFound(e)) {
        return Optional.empty();
      }
      throw failure("job " + name, e);
    }
  }

  /** Given only a name, the client would first fetch what it is to patch. */
  private static Job named(UniqueName name) {
    return new JobBuilder().withNewMetadata().withName(name.value()).endMetadata().build();
  }

  /**
   * A patch of annotations, to be added to.
   *
   * @param version the only one that it changes; empty for any
   */
  static ObjectNode patch(Optional<String> version, Map<String, String> annotations) {
    ObjectNode patch = MAPPER.createObjectNode();
    ObjectNode metadata = patch.putObject("metadata");
    version.ifPresent(value -> metadata.put("resourceVersion", value));
    ObjectNode annotationsNode = metadata.putObject("annotations");
    annotations.forEach(annotationsNode::put);
    return patch;
  }

  private static UniqueName name(Job job) {
    return new UniqueName(job.getMetadata().getName());
  }

  private static String text(JsonNode patch) {
    return MAPPER.writeValueAsString(patch);
  }

  /** The pods that a Job has now. */
  public List<Pod> pods(Job job) {
    return call(
        "pods of job " + job.getMetadata().getName(),
        () ->
            client
                .pods()
                .inNamespace(namespace)
                .withLabel("batch.kubernetes.io/controller-uid", job.getMetadata().getUid())
                .list()
                .getItems());
  }

  /**
   * The last warning among the events of a Job or a pod, except that its time was over.
   *
   * @param since leaves out what was over before; empty for all
   */
  public Optional<String> lastWarning(HasMetadata of, Optional<Instant> since)
      throws InterruptedException {
    return events(Map.of("involvedObject.uid", of.getMetadata().getUid(), "type", "Warning"))
        .stream()
        .filter(event -> !OF_THE_END.contains(event.getReason()))
        .filter(
            event -> PodTrace.lastTime(event).filter(time -> !isBefore(time, since)).isPresent())
        .max(Comparator.comparing(event -> PodTrace.lastTime(event).orElse(Instant.EPOCH)))
        .map(event -> PodStates.describe(event.getReason(), event.getMessage()));
  }

  private static boolean isBefore(Instant time, Optional<Instant> since) {
    return since.filter(time::isBefore).isPresent();
  }

  /** What events tell of the pods that a Job has had, oldest first. */
  public List<PodTrace> traces(Job job) throws InterruptedException {
    List<PodTrace> traces = new ArrayList<>();
    String container = PodStates.jobContainer(job);
    for (Event creation : creations(job)) {
      Optional<String> pod = PodTrace.createdPod(creation);
      if (pod.isPresent()) {
        List<Event> events = events(Map.of("involvedObject.name", pod.get()));
        traces.add(PodTrace.of(pod.get(), container, creation, events));
      }
    }
    traces.sort(Comparator.comparing(trace -> trace.createdAt().orElse(Instant.EPOCH)));
    return traces;
  }

  /** The names of the pods that a Job has had, as far as events still tell. */
  public Set<String> createdPods(Job job) throws InterruptedException {
    return creations(job).stream()
        .flatMap(creation -> PodTrace.createdPod(creation).stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  private List<Event> creations(Job job) throws InterruptedException {
    return events(
        Map.of("involvedObject.uid", job.getMetadata().getUid(), "reason", "SuccessfulCreate"));
  }

  /** Waits while events are asked for by many others, such as at the end of an outage. */
  private List<Event> events(Map<String, String> fields) throws InterruptedException {
    eventLists.acquire();
    try {
      return call(
          "events of " + fields,
          () -> client.v1().events().inNamespace(namespace).withFields(fields).list().getItems());
    } finally {
      eventLists.release();
    }
  }

  private static <T> T call(String what, Supplier<T> call) {
    try {
      return call.get();
    } catch (KubernetesClientException e) {
      throw failure(what, e);
    }
  }

  static JobRuntimeException failure(String what, KubernetesClientException e) {
    return ApiErrors.failure(what, e);
  }
}
