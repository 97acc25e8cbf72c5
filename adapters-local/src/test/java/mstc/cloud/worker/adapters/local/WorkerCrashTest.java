package mstc.cloud.worker.adapters.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobListener;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.testkit.runtime.DeafListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers that are killed, and one that has little memory. */
@Execution(ExecutionMode.CONCURRENT)
class WorkerCrashTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir Path root;

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "detached processes are found on Linux only")
  void whatAKilledWorkerLeftRunningIsEndedAndItsJobIsLost() throws Exception {
    // given
    List<Long> pids;
    UniqueName name;
    try (WorkerProcess worker =
        WorkerProcess.submitting(
            root,
            1,
            """
            setsid sleep 3600 & echo $!
            (setsid sh -c 'echo $$; sleep 3600' &)
            echo $$
            echo started
            trap '' TERM
            sleep 3600
            """)) {
      name = new UniqueName(worker.nextLine());
      Path log = root.resolve(name.value()).resolve("output.log");
      await()
          .atMost(PATIENCE)
          .until(() -> Files.exists(log) && Files.readAllLines(log).size() == 4);
      pids =
          Files.readAllLines(log).stream()
              .filter(line -> !line.equals("started"))
              .map(Long::valueOf)
              .toList();
      worker.kill();
    }
    assertThat(pids).hasSize(3).allMatch(TestProcesses::isAlive);

    // when
    JobEnd end;
    try (LocalJobRuntime next = ShellJobs.runtime(ShellJobs.settings(root))) {
      next.start(new DeafListener());
      end = next.awaitEnd(name);
    }

    // then
    assertThat(end.outcome())
        .isEqualTo(new JobOutcome.Lost("the worker stopped while the job was running"));
    assertThat(end.log().complete()).isFalse();
    assertThat(end.log().file()).content().contains("started");
    assertThat(pids).noneMatch(TestProcesses::isAlive);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 15, 40})
  void jobsOfAWorkerThatIsKilledAreWholeAndRunAtMostOnce(int submittedBefore) throws Exception {
    // given
    Path runs = Files.createFile(root.resolve("runs"));
    List<UniqueName> submitted = new ArrayList<>();
    try (WorkerProcess worker =
        WorkerProcess.submitting(root, 1000, "echo $MSTC_JOB_NAME >> '%s'".formatted(runs))) {
      for (int i = 0; i < submittedBefore; i++) {
        submitted.add(new UniqueName(worker.nextLine()));
      }
      worker.kill().map(UniqueName::new).forEach(submitted::add);
    }

    // when
    List<JobOutcome.Kind> ends = new ArrayList<>();
    List<UniqueName> found;
    try (LocalJobRuntime next = ShellJobs.runtime(ShellJobs.settings(root))) {
      Found listener = new Found();
      next.start(listener);
      await().atMost(PATIENCE).until(() -> listener.names.size() == unanswered(next.counts()));
      found = List.copyOf(listener.names);
      for (UniqueName name : found) {
        ends.add(next.awaitEnd(name).outcome().kind());
      }
    }

    // then
    assertThat(found).containsAll(submitted);
    assertThat(root).isDirectoryNotContaining(path -> isUnknownJob(path, found));
    List<String> ran = Files.readAllLines(runs);
    assertThat(ran).doesNotHaveDuplicates();
    assertThat(ends).isSubsetOf(JobOutcome.Kind.SUCCEEDED, JobOutcome.Kind.LOST);
    assertThat(ends.stream().filter(JobOutcome.Kind.SUCCEEDED::equals).count())
        .isLessThanOrEqualTo(ran.size());
  }

  private static boolean isUnknownJob(Path path, List<UniqueName> known) {
    String fileName = path.getFileName().toString();
    return fileName.startsWith("shell-")
        && known.stream().noneMatch(n -> n.value().equals(fileName));
  }

  @Test
  void whatAJobWritesTakesNoMemoryOfTheWorker() throws Exception {
    // given
    long bytes = 200L * 1024 * 1024;
    String script = "head -c %d /dev/zero".formatted(bytes);

    // when
    String end;
    try (WorkerProcess worker = WorkerProcess.submitting(root, 1, script, "-Xmx16m")) {
      worker.nextLine();
      end = worker.nextLine();
    }

    // then
    assertThat(end).isEqualTo("SUCCEEDED " + bytes);
  }

  /** Notes the jobs that it is told of. */
  private static int unanswered(JobCounts counts) {
    return counts.inFlight() + counts.waiting();
  }

  private static final class Found implements JobListener {
    final ConcurrentLinkedQueue<UniqueName> names = new ConcurrentLinkedQueue<>();

    @Override
    public void onUnanswered(JobRecord job) {
      names.add(job.job().name());
    }

    @Override
    public void onAnswered(UniqueName name, Answer answer) {}

    @Override
    public void onGivenUp(UniqueName name) {}

    @Override
    public void onCountsChanged() {}
  }
}
