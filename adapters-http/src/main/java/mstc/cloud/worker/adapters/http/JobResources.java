package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import mstc.cloud.worker.adapters.http.Resource.Call;
import mstc.cloud.worker.adapters.http.Resource.Operation;
import mstc.cloud.worker.application.CancelJob;
import mstc.cloud.worker.application.CancelJobs;
import mstc.cloud.worker.application.Worker;
import mstc.cloud.worker.application.intake.SubmitWork;
import mstc.cloud.worker.application.intake.SubmitWork.Submitted;
import mstc.cloud.worker.application.view.JobBoard;
import mstc.cloud.worker.application.view.ListJobs;
import mstc.cloud.worker.application.view.ListOutputs;
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.RequestParser;
import mstc.cloud.worker.domain.request.Violation;
import mstc.cloud.worker.domain.view.JobFilter;
import mstc.cloud.worker.wire.Cancellation;
import mstc.cloud.worker.wire.CancellationJson;
import mstc.cloud.worker.wire.JobJson;
import mstc.cloud.worker.wire.OutcomeNames;
import mstc.cloud.worker.wire.RequestJson;

/** Jobs: listed, shown with their outputs, submitted, cancelled. */
final class JobResources {
  private static final int MAX_LIMIT = 1_000;
  private static final int USUAL_LIMIT = 100;
  private static final int MAX_PLACE_LENGTH = 200;
  private static final int MAX_NAME_LENGTH = 200;
  private static final int MAX_PATTERN_LENGTH = 400;

  private final RequestParser parser;
  private final ListJobs listJobs;
  private final ListOutputs listOutputs;
  private final SubmitWork submitWork;
  private final CancelJob cancelJob;
  private final CancelJobs cancelJobs;

  JobResources(Worker worker, RequestParser parser) {
    this.parser = parser;
    this.listJobs = worker.listJobs();
    this.listOutputs = worker.listOutputs();
    this.submitWork = worker.submitWork();
    this.cancelJob = worker.cancelJob();
    this.cancelJobs = worker.cancelJobs();
  }

  List<Resource> all() {
    return List.of(
        new Resource(
            "/mstc/jobs",
            Operation.reading(this::list),
            Operation.changing("POST", RequestJson.MAX_BYTES + 1, false, this::submit)),
        new Resource(
            "/mstc/jobs:cancel",
            Operation.changing("POST", CancellationJson.MAX_BYTES + 1, true, this::cancelMany)),
        new Resource(
            "/mstc/jobs/{name}",
            Operation.reading(this::show),
            Operation.changing("DELETE", 0, false, this::cancel)),
        new Resource("/mstc/jobs/{name}/outputs", Operation.reading(this::outputs)));
  }

  /** Empty if no job can have that name. */
  static Optional<UniqueName> parseName(String job) {
    try {
      return Optional.of(new UniqueName(job));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private Answer list(Call call) {
    Query query = call.query();
    int limit = limit(query);
    Optional<String> after = query.one("after", MAX_PLACE_LENGTH);
    try {
      ListJobs.Page page = listJobs.list(filter(query), limit, after);
      return Answer.json(200, JobJson.page(page.jobs(), page.total(), page.next()));
    } catch (InvalidValueException e) {
      throw new BadRequestException("after: " + e.getMessage());
    }
  }

  private static int limit(Query query) {
    return query.number("limit", 1, MAX_LIMIT, USUAL_LIMIT);
  }

  private static JobFilter filter(Query query) {
    return new JobFilter(
        values(query, "state", JobJson::state),
        values(query, "outcome", OutcomeNames::kind),
        query.one("name", MAX_NAME_LENGTH),
        query.one("image", MAX_PATTERN_LENGTH),
        query.all("label", MAX_PATTERN_LENGTH).stream().map(JobFilter.Label::parse).toList());
  }

  private static <T> Set<T> values(Query query, String name, Function<String, T> parse) {
    try {
      return query.all(name, MAX_NAME_LENGTH).stream().map(parse).collect(Collectors.toSet());
    } catch (IllegalArgumentException e) {
      throw new BadRequestException(name + ": " + e.getMessage());
    }
  }

  private Answer show(Call call) {
    return parseName(call.variable())
        .flatMap(listJobs::find)
        .<Answer>map(found -> Answer.json(200, JobJson.detail(found.job(), found.request())))
        .orElseGet(JobResources::noSuchJob);
  }

  private Answer outputs(Call call) {
    int limit = limit(call.query());
    return parseName(call.variable())
        .flatMap(name -> listOutputs.list(name, limit))
        // Links are as secret as a password.
        .<Answer>map(
            outputs -> Answer.json(200, JobJson.outputs(outputs)).with("Cache-Control", "no-store"))
        .orElseGet(JobResources::noSuchJob);
  }

  private static Answer noSuchJob() {
    return Failures.PROBLEM.answer(404, JobBoard.NO_SUCH_JOB);
  }

  private Answer submit(Call call) throws IOException, InterruptedException {
    Optional<String> key = IdempotencyKey.of(call);
    return switch (submitWork.submit(parser.read(call.body()), key)) {
      case Submitted.OnRecord(UniqueName name, List<String> warnings) ->
          Answer.json(202, JobJson.submitted(name, warnings))
              .with("Location", "/mstc/jobs/" + name);
      case Submitted.Invalid(String why, List<Violation> violations) ->
          Failures.violations(why, violations.stream().map(Violation::toString).toList());
      case Submitted.NoRoom() ->
          Failures.PROBLEM.answer(503, WorkerResources.NO_ROOM, Failures.RETRY_LATER);
    };
  }

  private Answer cancel(Call call) {
    return parseName(call.variable()).filter(cancelJob::cancel).isPresent()
        ? Answer.text(202, "the job is being cancelled; whoever waits for it is answered")
        : noSuchJob();
  }

  private Answer cancelMany(Call call) throws IOException, InterruptedException {
    Cancellation wanted;
    try {
      wanted = CancellationJson.parse(call.body().readAllBytes());
    } catch (IllegalArgumentException e) {
      throw new BadRequestException(String.valueOf(e.getMessage()));
    }
    Map<String, String> failures = new LinkedHashMap<>();
    List<UniqueName> jobs =
        wanted.names().isEmpty()
            ? cancelJobs.find(wanted.filter())
            : named(wanted.names(), failures);
    if (wanted.preview()) {
      return Answer.json(200, JobJson.cancelled(true, preview(jobs, failures), failures));
    }
    CancelJobs.Cancelled cancelled = cancelJobs.cancel(jobs);
    cancelled.failures().forEach((name, why) -> failures.put(name.value(), why));
    return Answer.json(200, JobJson.cancelled(false, cancelled.jobs(), failures));
  }

  private static List<UniqueName> named(List<String> names, Map<String, String> failures) {
    List<UniqueName> jobs = new ArrayList<>();
    for (String name : names) {
      parseName(name).ifPresentOrElse(jobs::add, () -> failures.put(name, JobBoard.NO_SUCH_JOB));
    }
    return jobs;
  }

  private List<UniqueName> preview(List<UniqueName> jobs, Map<String, String> failures) {
    List<UniqueName> possible = new ArrayList<>();
    for (UniqueName name : jobs) {
      cancelJobs
          .obstacle(name)
          .ifPresentOrElse(why -> failures.put(name.value(), why), () -> possible.add(name));
    }
    return possible;
  }
}
