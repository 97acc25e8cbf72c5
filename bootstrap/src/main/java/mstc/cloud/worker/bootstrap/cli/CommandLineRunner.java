package mstc.cloud.worker.bootstrap.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import mstc.cloud.worker.application.VirtualThreads;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationException;
import mstc.cloud.worker.domain.PortException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/** Runs a command line; errors are reported in one line each, not as a stack trace. */
public final class CommandLineRunner {
  private CommandLineRunner() {}

  /**
   * Runs the command that the arguments name.
   *
   * @param root an object annotated with picocli's {@code @Command}
   * @return the exit code: the command's own, 2 for bad arguments or configuration, 1 for a failure
   */
  public static int run(Object root, String... arguments) {
    VirtualThreads.provideCarriers();
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
      case PortException e -> told(err, e.getMessage());
      case IllegalStateException e -> told(err, e.getMessage());
      case IllegalArgumentException e -> told(err, e.getMessage());
      case FileSystemException e -> told(err, reason(e));
      case IOException e -> told(err, e.getMessage());
      default -> {
        failure.printStackTrace(err);
        yield CommandLine.ExitCode.SOFTWARE;
      }
    };
  }

  private static int told(PrintWriter err, @Nullable String line) {
    err.println("mstc: " + line);
    return CommandLine.ExitCode.SOFTWARE;
  }

  private static String reason(FileSystemException failure) {
    String file = failure.getFile();
    return switch (failure) {
      case NoSuchFileException e -> "there is no " + file;
      case FileAlreadyExistsException e -> file + " is there already, and is not what is wanted";
      case AccessDeniedException e -> file + " may not be used: permission denied";
      default -> String.valueOf(failure.getMessage());
    };
  }
}
