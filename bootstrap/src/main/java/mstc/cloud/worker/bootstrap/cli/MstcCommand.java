package mstc.cloud.worker.bootstrap.cli;

import picocli.CommandLine.Command;

/** The command line of the shipped program: the worker and what belongs to it. */
@Command(
    name = "mstc",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description = "Runs requests from a queue as jobs and stores their logs.",
    subcommands = {
      WorkerCommand.class,
      SubmitCommand.class,
      JobsCommand.class,
      LogsCommand.class,
      CancelCommand.class,
      DoctorCommand.class,
      ConfigCommand.class
    })
public final class MstcCommand {}
