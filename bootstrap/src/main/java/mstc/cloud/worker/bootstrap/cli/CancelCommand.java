package mstc.cloud.worker.bootstrap.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import mstc.cloud.worker.bootstrap.remote.WorkerApi;
import mstc.cloud.worker.domain.PrintableText;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Cancels jobs. */
@Command(
    name = "cancel",
    mixinStandardHelpOptions = true,
    description = {
      "Cancels jobs that have not ended: those that are named, or all that match every filter.",
      "Whoever waits for a job's reply gets one that says so."
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:all are being cancelled, or were shown, or none matched",
      "1:one could not be cancelled, or something failed before",
      "2:the arguments are not valid, or nobody confirmed them"
    })
public final class CancelCommand implements Callable<Integer> {
  private static final int MAX_LENGTH = 400;

  @Mixin private WorkerOptions worker = new WorkerOptions();
  @Mixin private FilterOptions filter = new FilterOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "NAME", description = "Unique names of jobs, as jobs lists them.")
  private List<String> names = new ArrayList<>();

  @Option(names = "--preview", description = "Only shows which jobs would be cancelled.")
  private boolean preview;

  @Option(
      names = {"-y", "--yes"},
      description = "Asks nobody before all jobs that match are cancelled.")
  private boolean yes;

  @Option(names = "--json", description = "Prints the worker's answer as it is.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException {
    if (names.isEmpty() == filter.isEmpty()) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "Give names of jobs or filters, and not both.");
    }
    try (WorkerApi api = worker.open(spec)) {
      if (!names.isEmpty() || preview || yes) {
        return told(post(api, wanted().put("preview", preview)));
      }
      JsonNode found = post(api, wanted().put("preview", true));
      return found.path("jobs").isEmpty() ? told(found) : confirmed(api, found);
    }
  }

  /** Cancels what was shown, and not what has come to match since. */
  private int confirmed(WorkerApi api, JsonNode found) throws InterruptedException {
    int jobs = found.path("jobs").size();
    if (!Terminal.isInteractive()) {
      spec.commandLine()
          .getErr()
          .println(
              "mstc: nothing was cancelled, as nobody can be asked; jobs that match: %d; --preview shows them, --yes cancels them"
                  .formatted(jobs));
      return CommandLine.ExitCode.USAGE;
    }
    PrintWriter out = spec.commandLine().getOut();
    found.path("jobs").forEach(job -> out.println(line(job)));
    out.flush();
    if (!Terminal.isConfirmed(
        jobs == 1 ? "Cancel this job?" : "Cancel these %d jobs?".formatted(jobs))) {
      out.println("nothing was cancelled");
      return CommandLine.ExitCode.USAGE;
    }
    ObjectNode named = JsonMapper.shared().createObjectNode();
    named.set("names", found.path("jobs"));
    return told(post(api, named.put("preview", false)));
  }

  private ObjectNode wanted() {
    ObjectNode wanted = JsonMapper.shared().createObjectNode();
    if (!names.isEmpty()) {
      ArrayNode array = wanted.putArray("names");
      names.forEach(array::add);
    }
    filter.addTo(wanted);
    return wanted;
  }

  private static JsonNode post(WorkerApi api, ObjectNode cancellation) throws InterruptedException {
    return api.post("/mstc/jobs:cancel", cancellation);
  }

  private int told(JsonNode answer) {
    JsonNode failures = answer.path("failures");
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(answer.toPrettyString());
    } else {
      String what = preview ? "would be cancelled" : "is being cancelled";
      answer.path("jobs").forEach(job -> out.println(line(job) + " " + what));
      if (answer.path("jobs").isEmpty() && failures.isEmpty()) {
        out.println("no job matches");
      }
      PrintWriter err = spec.commandLine().getErr();
      failures
          .properties()
          .forEach(failure ->
              err.printf("mstc: %s: %s%n", oneLine(failure.getKey()), line(failure.getValue())));
    }
    return failures.isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private static String line(JsonNode text) {
    return oneLine(text.asString(""));
  }

  private static String oneLine(String text) {
    return PrintableText.oneLine(text, MAX_LENGTH);
  }
}
