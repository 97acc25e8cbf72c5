package mstc.cloud.worker.standalone;

import mstc.cloud.worker.bootstrap.cli.CancelCommand;
import mstc.cloud.worker.bootstrap.cli.CommandLineRunner;
import mstc.cloud.worker.bootstrap.cli.ConfigCommand;
import mstc.cloud.worker.bootstrap.cli.DoctorCommand;
import mstc.cloud.worker.bootstrap.cli.JobsCommand;
import mstc.cloud.worker.bootstrap.cli.LogsCommand;
import mstc.cloud.worker.bootstrap.cli.SubmitCommand;
import mstc.cloud.worker.bootstrap.cli.VersionProvider;
import mstc.cloud.worker.bootstrap.cli.WorkerCommand;
import picocli.CommandLine.Command;

/** Starts the command line with all commands. */
@Command(
    name = "mstc",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description = "Runs requests from a queue as jobs and stores their logs.",
    subcommands = {
      DemoCommand.class,
      StandaloneCommand.class,
      WorkerCommand.class,
      SubmitCommand.class,
      JobsCommand.class,
      LogsCommand.class,
      CancelCommand.class,
      DoctorCommand.class,
      ConfigCommand.class
    })
public final class Main {
  private Main() {}

  /** Runs the command that the arguments name, and exits with its code. */
  public static void main(String[] arguments) {
    System.exit(CommandLineRunner.run(new Main(), arguments));
  }
}
