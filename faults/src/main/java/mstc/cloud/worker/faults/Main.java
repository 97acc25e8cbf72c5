package mstc.cloud.worker.faults;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import mstc.cloud.worker.faults.check.Checker;
import mstc.cloud.worker.faults.check.Summary;
import mstc.cloud.worker.faults.check.Violation;
import mstc.cloud.worker.faults.history.History;
import mstc.cloud.worker.faults.history.HistoryFile;
import mstc.cloud.worker.faults.run.Console;
import mstc.cloud.worker.faults.run.Run;
import mstc.cloud.worker.faults.service.FaultsException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command line of the fault tests. */
@Command(
    name = "mstc-faults",
    mixinStandardHelpOptions = true,
    description = {
      "Runs three replicas of the worker under load while things break, and checks what came of it.",
      "",
      "Wants a KUBECONFIG that may create namespaces, rabbitmq-server, minio and toxiproxy-server; "
          + "MSTC_TEST_PYTHON_IMAGE names the image of the jobs (python:3-slim by default).",
      ""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all promises were kept",
      "1:some were not, or the run went wrong",
      "2:bad arguments"
    })
public final class Main implements Callable<Integer> {
  private static final String IMAGE = "MSTC_TEST_PYTHON_IMAGE";

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "What the schedule is drawn from; another one each time if not given.")
  private @Nullable Long seed;

  @Option(
      names = "--minutes",
      paramLabel = "M",
      defaultValue = "8",
      description = "How long things break (default: ${DEFAULT-VALUE}).")
  private int minutes;

  @Option(
      names = "--keep",
      description = "Keeps the run's folder, as is done when a promise was broken.")
  private boolean keep;

  @Option(
      names = "--check",
      paramLabel = "FILE",
      description = "Runs nothing, but checks the history of a run again.")
  private @Nullable Path check;

  /** The project's folder, found by the launcher. */
  @Option(names = "--home", hidden = true, defaultValue = ".")
  private Path home = Path.of(".");

  /** Runs the command line and exits with its code. */
  public static void main(String[] arguments) {
    // Not where logback finds it by itself: this module is on the class path of other tests, too.
    System.setProperty("logback.configurationFile", "mstc/cloud/worker/faults/logback.xml");
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setUsageHelpAutoWidth(true)
        .setExecutionExceptionHandler((failure, command, _) -> {
          if (failure instanceof FaultsException || failure instanceof IllegalStateException) {
            command.getErr().println("mstc-faults: " + failure.getMessage());
          } else {
            failure.printStackTrace(command.getErr());
          }
          return CommandLine.ExitCode.SOFTWARE;
        });
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter out = commandSpec().commandLine().getOut();
    if (check != null) {
      return report(HistoryFile.read(check), out);
    }
    if (minutes < 1 || minutes > 24 * 60) {
      throw new CommandLine.ParameterException(
          commandSpec().commandLine(), "--minutes must be from 1 to 1440");
    }
    return run(out);
  }

  private CommandSpec commandSpec() {
    if (spec == null) {
      throw new IllegalStateException("not run by picocli");
    }
    return spec;
  }

  private int run(PrintWriter out) throws Exception {
    Run.Settings settings =
        new Run.Settings(
            Optional.ofNullable(seed).orElseGet(() -> new Random().nextLong(1_000_000)),
            minutes,
            home,
            home.resolve("standalone/target/app").toAbsolutePath(),
            Optional.ofNullable(System.getenv(IMAGE)).orElse("python:3-slim"));
    try (Run run = new Run(settings, new Console(out))) {
      Thread atExit = new Thread(() -> close(run));
      Runtime.getRuntime().addShutdownHook(atExit);
      int code = report(run.make(), out);
      run.close();
      Runtime.getRuntime().removeShutdownHook(atExit);
      if (code == 0 && !keep) {
        run.removeFolder();
      } else {
        out.println("kept: " + run.historyFile());
      }
      return code;
    }
  }

  private static void close(Run run) {
    try {
      run.close();
    } catch (Exception e) {
      throw new FaultsException("not all could be ended: " + e.getMessage());
    }
  }

  private static int report(History history, PrintWriter out) {
    List<Violation> violations = Checker.check(history);
    out.println();
    out.print(Summary.of(history));
    out.printf("  %-34s %d%n", "violations", violations.size());
    violations.forEach(violation -> out.println("VIOLATION " + violation));
    out.flush();
    return violations.isEmpty() ? 0 : 1;
  }
}
