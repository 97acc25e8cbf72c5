package mstc.cloud.worker.bootstrap.cli;

import java.io.PrintWriter;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationException;
import mstc.cloud.worker.domain.PortException;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/** Runs a command line; what goes wrong is told in one line each, not as a stack trace. */
public final class CommandLineRunner {
  private CommandLineRunner() {}

  /**
   * Runs the command that the arguments name.
   *
   * @param root an object annotated with picocli's {@code @Command}
   * @return the exit code: the command's own, 2 for bad arguments or configuration, 1 for a failure
   */
  public static int run(Object root, String... arguments) {
    return new CommandLine(root)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setExecutionExceptionHandler(CommandLineRunner::explain)
        .execute(arguments);
  }

  private static int explain(Exception failure, CommandLine command, ParseResult arguments) {
    PrintWriter err = command.getErr();
    return switch (failure) {
      case ConfigurationException e -> {
        e.problems().forEach(problem -> err.println("mstc: " + problem));
        yield CommandLine.ExitCode.USAGE;
      }
      case PortException e -> {
        err.println("mstc: " + e.getMessage());
        yield CommandLine.ExitCode.SOFTWARE;
      }
      case IllegalStateException e -> {
        err.println("mstc: " + e.getMessage());
        yield CommandLine.ExitCode.SOFTWARE;
      }
      default -> {
        failure.printStackTrace(err);
        yield CommandLine.ExitCode.SOFTWARE;
      }
    };
  }
}
