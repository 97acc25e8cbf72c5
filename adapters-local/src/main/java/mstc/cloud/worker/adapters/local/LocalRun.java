package mstc.cloud.worker.adapters.local;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import mstc.cloud.worker.adapters.local.LocalSettings.CatalogueEntry;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.Resources;
import mstc.cloud.worker.domain.runtime.LogTexts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs one job: its processes, attempt by attempt, until it ends or is to be ended. */
final class LocalRun implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(LocalRun.class);

  private final LocalJob job;
  private final JobFolder folder;
  private final ContainerWork work;
  private final LocalSettings settings;
  private final Duration timeout;

  /**
   * @param timeout after which the job is ended
   */
  LocalRun(LocalJob job, LocalSettings settings, Duration timeout) {
    this.job = job;
    this.folder = job.folder();
    this.work = ContainerWork.of(job.job().work());
    this.settings = settings;
    this.timeout = timeout;
  }

  /** Runs the job to its end, or finds out that an earlier worker did. */
  @Override
  public void run() {
    try {
      if (job.hasEnded() || !job.awaitLeaveToStart()) {
        return;
      }
      if (job.wasStarted()) {
        endLeftProcesses();
      } else {
        startAndAwait();
      }
    } catch (RuntimeException e) {
      LOG.error("job={} is lost to a failure of the local runtime", job.name(), e);
      end(RunEnd.of(new JobOutcome.Lost("the local runtime failed: " + e)).withIncompleteLog());
    }
  }

  private void startAndAwait() {
    Optional<CatalogueEntry> entry = settings.entryFor(work.image());
    if (entry.isEmpty()) {
      end(
          RunEnd.of(
              new JobOutcome.ImageUnavailable(
                  "\"%s\" is not in mstc.runtime.local.catalogue; add an entry with its command"
                      .formatted(work.image()))));
      return;
    }
    // The catalogue may have changed since the job was submitted to an earlier worker.
    Optional<String> refusal = entry.get().refusal(work.env().keySet());
    if (refusal.isPresent()) {
      end(RunEnd.of(new JobOutcome.NotStarted(refusal.get())));
      return;
    }
    switch (job.noteStart()) {
      case NOTED -> end(attempts(entry.get().command()));
      case CANCELLED -> end(RunEnd.of(new JobOutcome.Cancelled()));
      case WORKER_STOPS -> LOG.debug("job={} is left to the next start", job.name());
    }
  }

  private void endLeftProcesses() {
    RunEnd end = job.decideLeft();
    JobProcesses processes = new JobProcesses(folder);
    ProcessNote.read(folder.processNote()).ifPresent(processes::add);
    boolean allGone = processes.terminate(settings.grace());
    end(allGone ? end : end.withProcessesLeft());
  }

  private RunEnd attempts(List<String> command) {
    JobProcesses processes = new JobProcesses(folder);
    long deadline = System.nanoTime() + timeout.toNanos();
    int attempt = 1;
    while (true) {
      Optional<RunEnd> stopped = job.stopped(deadline);
      if (stopped.isPresent()) {
        return stopped.get();
      }
      Process process;
      try {
        process = start(command, attempt);
      } catch (IOException e) {
        return job.decide(RunEnd.of(new JobOutcome.NotStarted(String.valueOf(e.getMessage()))));
      }
      processes.add(process.toHandle());
      noteProcess(process);
      Optional<RunEnd> last = job.awaitAttempt(process, deadline, attempt <= work.retries());
      boolean allGone =
          process.isAlive() ? processes.terminate(settings.grace()) : processes.kill();
      if (last.isPresent()) {
        return allGone ? last.get() : last.get().withProcessesLeft();
      }
      int exitCode = process.exitValue();
      attempt++;
      try {
        job.log().beginNext(attempt, exitCode);
        Files.createDirectory(folder.scratch(attempt));
      } catch (IOException e) {
        return job.decide(
            RunEnd.of(new JobOutcome.Failed(exitCode))
                .withWarning("attempt %d could not be made: %s".formatted(attempt, e)));
      }
    }
  }

  private Process start(List<String> command, int attempt) throws IOException {
    List<String> words = new ArrayList<>(command);
    words.addAll(work.args());
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.environment().clear();
    builder.environment().putAll(JobEnvironment.of(job.job(), folder, settings));
    builder.directory(folder.scratch(attempt).toFile());
    // Straight into the file: what a job writes never passes through this process.
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(folder.log().toFile()));
    builder.redirectInput(ProcessBuilder.Redirect.from(ProcessBuilder.Redirect.DISCARD.file()));
    Process process = builder.start();
    job.noteStarted();
    LOG.debug("job={} attempt={} pid={} is started", job.name(), attempt, process.pid());
    return process;
  }

  private void noteProcess(Process process) {
    try {
      ProcessNote.write(folder.processNote(), process.toHandle());
    } catch (IOException e) {
      // Of use only to a worker after this one, and where processes cannot be found by their mark.
      LOG.debug("job={} pid={} is not noted: {}", job.name(), process.pid(), e.toString());
    }
  }

  /** A process writes straight into the file: only now can it be cut. */
  private RunEnd withCutLog(RunEnd end) {
    OptionalLong allowed;
    try {
      allowed = job.log().cut();
    } catch (IOException e) {
      return end.withWarning("whether the log is too long is not known: " + e);
    }
    if (allowed.isEmpty()) {
      return end;
    }
    String why = LogTexts.cut(LogTexts.jobLimit(allowed.getAsLong()));
    LOG.warn("job={} its log is not complete: {}", job.name(), why);
    return end.withIncompleteLog().withWarning(LogTexts.notComplete(why));
  }

  private void end(RunEnd told) {
    RunEnd end = withCutLog(told);
    job.end(
        work.resources().equals(Resources.UNSPECIFIED)
            ? end
            : end.withWarning("resources are not limited by the local runtime"));
  }
}
