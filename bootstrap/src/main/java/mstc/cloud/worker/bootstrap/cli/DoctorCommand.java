package mstc.cloud.worker.bootstrap.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import mstc.cloud.worker.bootstrap.assembly.Services;
import mstc.cloud.worker.bootstrap.configuration.LoadedConfiguration;
import mstc.cloud.worker.bootstrap.logging.Logging;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerTree;
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.diagnosis.Check;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.domain.diagnosis.Finding;
import mstc.cloud.worker.domain.store.BucketName;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Checks the services that a worker with this configuration needs. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {
      "Checks broker, cluster and object store as a worker with the same configuration needs them,"
          + " and says what to do about what is wrong.",
      "Declares the worker's exchange and queues, and stores and removes a small object."
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:nothing is wrong",
      "1:a check failed",
      "2:the configuration or the arguments are not valid"
    })
public final class DoctorCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @Mixin private ConfigurationOptions options = new ConfigurationOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--bucket",
      description =
          "The bucket in which the store is tried; default: mstc-doctor, which is created and stays,"
              + " if the worker creates buckets.")
  private @Nullable String bucket;

  @Option(names = "--json", description = "Prints the findings as a JSON array.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException {
    Optional<BucketName> tried = Optional.ofNullable(bucket).map(this::bucketName);
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(options.sources());
    loaded.warnings().forEach(warning -> spec.commandLine().getErr().println("mstc: " + warning));
    // What a library has to say is in the findings.
    Logging.configure(Logging.Format.TEXT, Logging.Stream.ERR, "OFF");
    PrintWriter out = spec.commandLine().getOut();
    FindingsReport report = json ? FindingsReport.json(out) : FindingsReport.text(out);
    List<Finding> findings = new ArrayList<>();
    for (Diagnosis diagnosis : Services.diagnoses(loaded.configuration(), tried)) {
      try (diagnosis) {
        for (Check check : diagnosis.checks()) {
          Finding finding = BoundedCheck.run(check, PATIENCE);
          findings.add(finding);
          report.add(check, finding);
        }
      }
    }
    report.end();
    return findings.stream().anyMatch(Finding.Failed.class::isInstance)
        ? CommandLine.ExitCode.SOFTWARE
        : CommandLine.ExitCode.OK;
  }

  private BucketName bucketName(String name) {
    try {
      return new BucketName(name);
    } catch (InvalidValueException e) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--bucket: " + e.getMessage(), e);
    }
  }
}
