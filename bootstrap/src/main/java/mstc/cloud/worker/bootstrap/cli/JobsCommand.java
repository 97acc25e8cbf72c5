package mstc.cloud.worker.bootstrap.cli;

import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import mstc.cloud.worker.bootstrap.remote.WorkerApi;
import mstc.cloud.worker.domain.job.JobOutcome;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/** Lists the jobs of a running worker. */
@Command(
    name = "jobs",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the jobs of a running worker, newest first: those that are not answered yet, and the"
          + " latest that this replica saw end.",
      "REASON is what a job waits for, or why it did not succeed."
    })
public final class JobsCommand implements Callable<Integer> {
  private static final int PAGE = 1000;

  @Mixin private WorkerOptions worker = new WorkerOptions();
  @Mixin private FilterOptions filter = new FilterOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--outcome",
      split = ",",
      description = "Only jobs that ended in one of these ways, such as failed or out_of_memory.")
  private List<JobOutcome.Kind> outcomes = List.of();

  @Option(
      names = "--limit",
      description = "How many jobs are listed at most; default: ${DEFAULT-VALUE}.")
  private int limit = 100;

  @Option(
      names = "--watch",
      description =
          "Goes on as jobs change. Where the output is no terminal, prints a line for each job, and"
              + " then for each that changes.")
  private boolean watch;

  @Option(
      names = "--json",
      description = "Prints the jobs as a JSON array; with --watch, an object a line.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException {
    if (limit < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--limit must be 1 or more, but is " + limit);
    }
    PrintWriter out = spec.commandLine().getOut();
    try (WorkerApi api = worker.open(spec)) {
      if (watch) {
        JobWatch view =
            json
                ? JobWatch.objects(out)
                : Terminal.isInteractive() ? JobWatch.screen(out) : JobWatch.lines(out);
        view.run(api, () -> list(api), spec.commandLine().getErr());
        return CommandLine.ExitCode.OK;
      }
      show(list(api), out);
    }
    return CommandLine.ExitCode.OK;
  }

  private JobListing list(WorkerApi api) throws InterruptedException {
    List<JsonNode> jobs = new ArrayList<>();
    @Nullable String after = null;
    JsonNode page;
    do {
      page = api.get("/mstc/jobs?" + query(Math.min(PAGE, limit - jobs.size()), after));
      page.path("jobs").forEach(jobs::add);
      after = page.path("next").asStringOpt().orElse(null);
    } while (after != null && jobs.size() < limit);
    return new JobListing(jobs, page.path("total").asInt(jobs.size()));
  }

  private String query(int size, @Nullable String after) {
    return Stream.of(
            Stream.of("limit=" + size),
            Stream.ofNullable(after).map(place -> "after=" + WorkerApi.encoded(place)),
            filter.query().stream(),
            outcomes.stream().map(outcome -> "outcome=" + outcome.name()))
        .flatMap(part -> part)
        .reduce((left, right) -> left + "&" + right)
        .orElseThrow();
  }

  private void show(JobListing listing, PrintWriter out) {
    if (json) {
      ArrayNode array = JsonMapper.shared().createArrayNode();
      listing.jobs().forEach(array::add);
      out.println(array.toPrettyString());
    } else {
      JobTable.of(listing.jobs(), Instant.now()).forEach(out::println);
    }
    out.flush();
    int more = listing.total() - listing.jobs().size();
    if (more > 0) {
      spec.commandLine().getErr().printf("mstc: %d more jobs match; --limit lists more%n", more);
    }
  }
}
