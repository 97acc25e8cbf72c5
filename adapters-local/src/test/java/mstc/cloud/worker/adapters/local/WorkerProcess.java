package mstc.cloud.worker.adapters.local;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.testkit.runtime.DeafListener;

/** A worker in a JVM of its own, to be killed, or to be given little memory. */
final class WorkerProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;

  private WorkerProcess(Process process) {
    this.process = process;
    this.output = process.inputReader();
  }

  /** Submits that many jobs with that script, one after the other. */
  static WorkerProcess submitting(Path root, int jobs, String script, String... jvmOptions)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(jvmOptions));
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            WorkerProcess.class.getName(),
            root.toString(),
            Integer.toString(jobs),
            script));
    return new WorkerProcess(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** The next line it prints: a job's name once it is submitted, a job's end once it has one. */
  String nextLine() throws IOException {
    return Optional.ofNullable(output.readLine())
        .orElseThrow(() -> new IOException("the worker's process has ended"));
  }

  /** As {@code kill -9}. */
  Stream<String> kill() throws InterruptedException {
    // By the handle: the process itself would close its output, which is to be read to the end.
    process.toHandle().destroyForcibly();
    process.waitFor();
    return output.lines();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** The process itself: its arguments are the root folder, the number of jobs, the script. */
  public static void main(String[] arguments) throws Exception {
    try (LocalJobRuntime runtime = ShellJobs.runtime(ShellJobs.settings(Path.of(arguments[0])))) {
      runtime.start(new DeafListener());
      List<Job> jobs = new ArrayList<>();
      for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
        Job job = ShellJobs.job(ShellJobs.running(arguments[2]));
        runtime.submit(job, Optional.empty());
        jobs.add(job);
        System.out.println(job.name());
      }
      for (Job job : jobs) {
        JobEnd end = runtime.awaitEnd(job.name());
        System.out.println(end.outcome().kind() + " " + Files.size(end.log().file()));
      }
    }
  }
}
