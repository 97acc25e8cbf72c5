package mstc.cloud.worker.bootstrap.cli;

import picocli.CommandLine.Command;

/** The command line of what ships: the worker and what goes with it. */
@Command(
    name = "mstc",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description = "Runs requests from a queue as jobs and stores their logs.",
    subcommands = {WorkerCommand.class, SubmitCommand.class, ConfigCommand.class})
public final class MstcCommand {}
