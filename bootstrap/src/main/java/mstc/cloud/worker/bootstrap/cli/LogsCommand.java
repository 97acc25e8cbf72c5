package mstc.cloud.worker.bootstrap.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import mstc.cloud.worker.bootstrap.remote.WorkerApi;
import mstc.cloud.worker.domain.job.JobOutcome;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** Shows a job's log. */
@Command(
    name = "logs",
    mixinStandardHelpOptions = true,
    description = {
      "Shows a job's log, whether the job runs or has ended.",
      "What is to be said about it, such as that its beginning is missing, goes to standard error."
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:the log was shown; with -f, the job succeeded",
      "1:with -f, the job ended otherwise; or something failed before",
      "2:the arguments are not valid; with -f, the job was rejected",
      "3:with -f, the log has ended, and how the job ended is not known yet",
      "124:with -f, the job was ended at its timeout",
      "130:with -f, the job was cancelled"
    })
public final class LogsCommand implements Callable<Integer> {
  private static final Duration UNTIL_ANSWERED = Duration.ofMinutes(1);

  @Mixin private WorkerOptions worker = new WorkerOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "NAME", description = "The job's unique name, as jobs lists it.")
  private String name = "";

  @Option(
      names = {"-f", "--follow"},
      description = "Goes on while the job writes, until it has ended; the exit code says how.")
  private boolean follow;

  @Option(
      names = "--json",
      description =
          "Prints a JSON object a line: {\"log\": …} with a part of the text, {\"notice\": …}, and"
              + " with -f at last {\"end\": …} with the job.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    // The log as it is, not as this machine would write its characters.
    LogOutput output =
        json
            ? LogOutput.objects(spec.commandLine().getOut())
            : LogOutput.plain(System.out, spec.commandLine().getErr());
    try (WorkerApi api = worker.open(spec)) {
      String job = "/mstc/jobs/" + WorkerApi.encoded(name);
      if (!follow) {
        copy(api.open(job + "/log"), output);
        return CommandLine.ExitCode.OK;
      }
      LogFollower follower = new LogFollower(api, job + "/log", output);
      Optional<JsonNode> end = follower.follow();
      return end.isPresent() ? exitCode(api, job, end.get(), output) : CommandLine.ExitCode.OK;
    }
  }

  private static void copy(HttpResponse<InputStream> response, LogOutput output)
      throws IOException {
    try (InputStream log = response.body()) {
      output.copy(log);
    }
    if (response.headers().firstValue("Mstc-Log-Complete").filter("false"::equals).isPresent()) {
      output.notice(
          "this log is not certain to be complete; the job's warnings say what is missing");
    }
  }

  /** The last event may come before the job is answered, such as while the store is away. */
  private int exitCode(WorkerApi api, String path, JsonNode last, LogOutput output)
      throws InterruptedException {
    JsonNode job = last;
    long start = System.nanoTime();
    while (outcome(job).isEmpty()
        && Duration.ofNanos(System.nanoTime() - start).compareTo(UNTIL_ANSWERED) < 0) {
      Thread.sleep(Duration.ofSeconds(1));
      job = api.get(path);
    }
    output.end(job);
    if (outcome(job).isEmpty()) {
      PrintWriter err = spec.commandLine().getErr();
      err.println("mstc: the log has ended, and the job is not answered yet");
      return OutcomeExitCode.NO_REPLY;
    }
    return OutcomeExitCode.of(JobOutcome.Kind.valueOf(outcome(job).get()));
  }

  private static Optional<String> outcome(JsonNode job) {
    return job.path("outcome").asStringOpt();
  }
}
