package mstc.cloud.worker.adapters.k8s.follow;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatusBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.adapters.k8s.job.JobCalls;
import mstc.cloud.worker.adapters.k8s.job.JobManifest;
import mstc.cloud.worker.adapters.k8s.job.JobNames;
import mstc.cloud.worker.adapters.k8s.job.NewJob;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob;
import mstc.cloud.worker.adapters.k8s.log.AttachedLogs;
import mstc.cloud.worker.adapters.k8s.log.LogArchive;
import mstc.cloud.worker.adapters.k8s.log.LogCollection;
import mstc.cloud.worker.adapters.k8s.log.LogKeeping;
import mstc.cloud.worker.adapters.k8s.log.LogSource;
import mstc.cloud.worker.adapters.k8s.log.LogStream;
import mstc.cloud.worker.adapters.k8s.log.Spool;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import mstc.cloud.worker.wire.WorkRequestFormat;

/** Jobs that are followed over a server of the test, whose containers write one line each. */
final class FollowedJobs implements AutoCloseable {
  static final Instant START = Instant.parse("2026-11-23T09:00:00Z");
  static final String CONTAINER = "solve";

  /** What all followers ask. */
  final JobServer server;

  final InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
  final LogArchive archive = new LogArchive(store);
  final Spool spool;

  private final JobCalls calls;
  private final LogKeeping keeping;
  private final List<JobFollower> followers = new ArrayList<>();
  private final JobManifest manifest =
      new JobManifest(
          JobServer.NAMESPACE,
          KubernetesSettings.JobTemplate.of(Map.of(), Optional.empty()),
          new WorkRequestFormat(),
          ContainerWork::timeout);

  FollowedJobs(Path spoolFolder) throws IOException {
    this(spoolFolder, new Spool.Limits(1 << 20, 1 << 20));
  }

  FollowedJobs(Path spoolFolder, Spool.Limits limits) throws IOException {
    server = new JobServer();
    calls = new JobCalls(server.client(), JobServer.NAMESPACE, Duration.ofSeconds(30));
    spool = Spool.open(spoolFolder, limits);
    keeping = new LogKeeping(archive, spool, name -> true);
  }

  @Override
  public void close() {
    followers.forEach(JobFollower::close);
    keeping.close();
    server.close();
    spool.close();
  }

  /** The log of a container that has written one line, and notes when that is read to its end. */
  private final class OneLine implements LogSource {
    private final byte[] line = (START.plusMillis(10) + " one line\n").getBytes(UTF_8);

    @Override
    public LogStream follow(Container container, Optional<Instant> since) {
      return stream(false);
    }

    @Override
    public LogStream read(Container container, Optional<Instant> since) {
      return stream(true);
    }

    @Override
    public LogStream pin(Container container) {
      return stream(true);
    }

    @Override
    public Optional<Instant> newestFileBegins(Container container) {
      return Optional.of(START.plusMillis(10));
    }

    private LogStream stream(boolean ends) {
      return new LogStream() {
        private boolean isGiven;

        @Override
        public int read(byte[] into) {
          if (!isGiven) {
            isGiven = true;
            System.arraycopy(line, 0, into, 0, line.length);
            return line.length;
          }
          if (ends) {
            server.note("the log's end");
          }
          return ends ? -1 : 0;
        }

        @Override
        public void onArrival(Runnable toCall) {
          // All of it is there.
        }

        @Override
        public void close() {
          // Nothing is open.
        }
      };
    }
  }

  static mstc.cloud.worker.domain.job.Job work(int retries) {
    WorkRequest request =
        WorkRequest.builder()
            .image("solver")
            .jobName(CONTAINER)
            .inputBucket("results")
            .retries(retries)
            .build();
    return new mstc.cloud.worker.domain.job.Job(
        UniqueName.of(request.jobName(), UUID.randomUUID()), request, List.of());
  }

  /** The Job of a job, which the server then has. */
  Job created(mstc.cloud.worker.domain.job.Job work) {
    Job job =
        new JobBuilder(manifest.of(new NewJob(work, Optional.empty()), "create"))
            .editMetadata()
            .withUid("uid-" + work.name())
            .withResourceVersion("1")
            .withCreationTimestamp(START.toString())
            .endMetadata()
            .withNewStatus()
            .endStatus()
            .build();
    server.add(job);
    return job;
  }

  /** A Job with another status, newer than any that the server makes. */
  static Job with(Job job, JobStatus status) {
    return new JobBuilder(job)
        .editMetadata()
        .withResourceVersion("1000000")
        .endMetadata()
        .withStatus(status)
        .build();
  }

  static JobStatus complete() {
    return new JobStatusBuilder(condition("Complete", "CompletionsReached"))
        .withSucceeded(1)
        .build();
  }

  static JobStatus failed(String reason, int pods) {
    return new JobStatusBuilder(condition("Failed", reason)).withFailed(pods).build();
  }

  private static JobStatus condition(String type, String reason) {
    return new JobStatusBuilder()
        .addNewCondition()
        .withType(type)
        .withStatus("True")
        .withReason(reason)
        .withLastTransitionTime(START.plusSeconds(9).toString())
        .endCondition()
        .build();
  }

  JobFollower followed(mstc.cloud.worker.domain.job.Job work, TrackedJob tracked) {
    return followed(work, tracked, false, Duration.ZERO, Duration.ofDays(1));
  }

  JobFollower followed(
      mstc.cloud.worker.domain.job.Job work,
      TrackedJob tracked,
      boolean inherited,
      Duration startGrace) {
    return followed(work, tracked, inherited, startGrace, Duration.ofDays(1));
  }

  /** A Job that others may suspend for that long. */
  JobFollower followed(
      mstc.cloud.worker.domain.job.Job work, TrackedJob tracked, Duration suspensionLimit) {
    return followed(work, tracked, true, Duration.ZERO, suspensionLimit);
  }

  /**
   * @param inherited whether another worker may have followed it before
   */
  private JobFollower followed(
      mstc.cloud.worker.domain.job.Job work,
      TrackedJob tracked,
      boolean inherited,
      Duration startGrace,
      Duration suspensionLimit) {
    JobFollower follower =
        new JobFollower(
            work,
            inherited,
            tracked,
            calls,
            new LogCollection(
                new OneLine(), spool, archive, keeping, new AttachedLogs(new OneLine())),
            startGrace,
            suspensionLimit);
    followers.add(follower);
    follower.start();
    return follower;
  }

  // Pods.

  static Pod pod(String phase) {
    return new PodBuilder()
        .withNewMetadata()
        .withName("p")
        .withUid("p")
        .withResourceVersion("2")
        .withCreationTimestamp(START.toString())
        .addToLabels(JobNames.NAME_LABEL, CONTAINER)
        .endMetadata()
        .withNewSpec()
        .withActiveDeadlineSeconds(600L)
        .endSpec()
        .withNewStatus()
        .withPhase(phase)
        .withStartTime(START.toString())
        .endStatus()
        .build();
  }

  /** The same pod by another name, and as another version. */
  static Pod named(Pod pod, String name, String version) {
    return new PodBuilder(pod)
        .editMetadata()
        .withName(name)
        .withUid(name)
        .withResourceVersion(version)
        .endMetadata()
        .build();
  }

  /** The same pod, created at another time. */
  static Pod created(Pod pod, Instant at) {
    return new PodBuilder(pod)
        .editMetadata()
        .withCreationTimestamp(at.toString())
        .endMetadata()
        .build();
  }

  static Pod newer(Pod pod, String version) {
    return named(pod, pod.getMetadata().getName(), version);
  }

  static Pod ownedBy(Job job, Pod pod) {
    return new PodBuilder(pod)
        .editMetadata()
        .addNewOwnerReference()
        .withKind("Job")
        .withUid(job.getMetadata().getUid())
        .endOwnerReference()
        .endMetadata()
        .build();
  }

  static Pod beingDeleted(Pod pod, Instant graceOver) {
    return new PodBuilder(pod)
        .editMetadata()
        .withDeletionTimestamp(graceOver.toString())
        .endMetadata()
        .build();
  }

  static Pod running() {
    return new PodBuilder(pod("Running"))
        .editStatus()
        .addNewContainerStatus()
        .withName(CONTAINER)
        .withNewState()
        .withNewRunning(START.toString())
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  static Pod waiting(String phase, String reason) {
    return new PodBuilder(pod(phase))
        .editStatus()
        .addNewContainerStatus()
        .withName(CONTAINER)
        .withNewState()
        .withNewWaiting("", reason)
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  /** Whose container has ended, and which is over with it. */
  static Pod exited(int exitCode) {
    return terminated(pod(exitCode == 0 ? "Succeeded" : "Failed"), exitCode);
  }

  /** Whose container has ended, beside another that runs on. */
  static Pod keptAfter(int exitCode) {
    return terminated(
        new PodBuilder(pod("Running"))
            .editStatus()
            .addNewContainerStatus()
            .withName("proxy")
            .withNewState()
            .withNewRunning(START.toString())
            .endState()
            .endContainerStatus()
            .endStatus()
            .build(),
        exitCode);
  }

  private static Pod terminated(Pod pod, int exitCode) {
    return new PodBuilder(pod)
        .editStatus()
        .addNewContainerStatus()
        .withName(CONTAINER)
        .withNewState()
        .withNewTerminated()
        .withExitCode(exitCode)
        .withStartedAt(START.toString())
        .withFinishedAt(START.plusSeconds(1).toString())
        .endTerminated()
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  // Events.

  static Event warning(String uid, String reason, String message) {
    return new EventBuilder()
        .withNewMetadata()
        .withName(reason)
        .withUid(UUID.randomUUID().toString())
        .withResourceVersion("3000")
        .endMetadata()
        .withType("Warning")
        .withReason(reason)
        .withMessage(message)
        .withNewInvolvedObject()
        .withKind("Job")
        .withUid(uid)
        .endInvolvedObject()
        .withLastTimestamp(START.plusSeconds(1).toString())
        .build();
  }
}
