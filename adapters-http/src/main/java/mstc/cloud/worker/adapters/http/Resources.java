package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.application.CancelJob;
import mstc.cloud.worker.application.CheckReadiness;
import mstc.cloud.worker.application.Worker;
import mstc.cloud.worker.application.intake.ExecuteWork;
import mstc.cloud.worker.application.intake.ExecuteWork.Execution;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.RequestParser;
import mstc.cloud.worker.wire.ReplyJson;
import mstc.cloud.worker.wire.RequestJson;
import org.eclipse.jetty.http.HttpFields;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is served, as in the table of {@link HttpApi}. Its methods block, and may be called by any
 * number of threads.
 */
final class Resources {
  private static final Logger LOG = LoggerFactory.getLogger(Resources.class);
  private static final String JOBS = "/mstc/jobs/";
  private static final int MAX_KEY_LENGTH = 255;
  private static final int MAX_LOGGED_LENGTH = 1000;
  private static final String RETRY_AFTER_SECONDS = "5";

  private final Map<String, Resource> resources =
      Map.of(
          "/mstc/worker", Resource.reading(call -> Answer.text(200, "hello")),
          "/mstc/worker/execute",
              new Resource("POST", RequestJson.MAX_BYTES + 1, true, this::execute),
          "/health/live", Resource.reading(call -> Answer.text(200, "live")),
          "/health/ready", Resource.reading(call -> ready()),
          "/metrics", Resource.reading(call -> metrics()));
  private final ReplyJson replyJson = new ReplyJson();
  private final RequestParser parser;
  private final ExecuteWork executeWork;
  private final CancelJob cancelJob;
  private final CheckReadiness checkReadiness;
  private final MetricsPage metrics;

  Resources(Worker worker, RequestParser parser, MetricsPage metrics) {
    this.parser = parser;
    this.executeWork = worker.executeWork();
    this.cancelJob = worker.cancelJob();
    this.checkReadiness = worker.checkReadiness();
    this.metrics = metrics;
  }

  /** A request that has arrived and was let in. */
  record Call(String path, HttpFields headers, InputStream body) {}

  /** Answers a request, and may block. */
  @FunctionalInterface
  interface Handler {
    Answer handle(Call call) throws IOException, InterruptedException;
  }

  /**
   * One thing that is served.
   *
   * @param method a resource that is read answers HEAD, too
   * @param maxBodyBytes how much of a request's body is kept for the handler
   * @param isLong whether its client may wait for hours
   */
  record Resource(String method, int maxBodyBytes, boolean isLong, Handler handler) {
    private static final String READ = "GET";

    static Resource reading(Handler handler) {
      return new Resource(READ, 0, false, handler);
    }

    boolean changesSomething() {
      return !method.equals(READ);
    }

    boolean allows(String requested) {
      return requested.equals(method) || (!changesSomething() && requested.equals("HEAD"));
    }

    String allowed() {
      return changesSomething() ? method : "GET, HEAD";
    }

    /** What the handler answers; what goes wrong is an answer, too. */
    Answer answer(Call call) {
      try {
        return handler.handle(call);
      } catch (PortException e) {
        String message = PrintableText.oneLine(String.valueOf(e.getMessage()), MAX_LOGGED_LENGTH);
        LOG.warn("{} failed: {}", PrintableText.quote(call.path()), message);
        return Answer.text(500, message);
      } catch (InterruptedException e) {
        return Answer.text(503, "the worker stops; a job that has begun runs on");
      } catch (IOException | RuntimeException e) {
        LOG.error("{} failed", PrintableText.quote(call.path()), e);
        return Answer.text(500, "the worker failed: " + e);
      }
    }
  }

  /** Empty if nothing is there. */
  Optional<Resource> find(String path) {
    return path.startsWith(JOBS)
        ? Optional.of(new Resource("DELETE", 0, false, this::cancel))
        : Optional.ofNullable(resources.get(path));
  }

  private Answer cancel(Call call) {
    return parseName(call.path().substring(JOBS.length())).filter(cancelJob::cancel).isPresent()
        ? Answer.text(202, "the job is being cancelled; whoever waits for it is answered")
        : Answer.text(404, "there is no such job, or no longer");
  }

  private static Optional<UniqueName> parseName(String job) {
    try {
      return Optional.of(new UniqueName(job));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private Answer execute(Call call) throws IOException, InterruptedException {
    List<String> keys = call.headers().getValuesList("Idempotency-Key");
    if (keys.size() > 1) {
      return Answer.text(400, "Idempotency-Key must be given once");
    }
    Optional<String> key = keys.stream().findFirst();
    if (key.filter(value -> value.isEmpty() || value.length() > MAX_KEY_LENGTH).isPresent()) {
      return Answer.text(400, "Idempotency-Key must have 1 to " + MAX_KEY_LENGTH + " characters");
    }
    ParsedRequest request = parser.read(call.body());
    return switch (executeWork.execute(request, key)) {
      case Execution.Ended(var reply) -> json(200, reply);
      case Execution.Invalid(var reply) -> json(400, reply);
      case Execution.NoRoom() ->
          Answer.text(
              503,
              "no room for another job at the moment, try again",
              Map.of("Retry-After", RETRY_AFTER_SECONDS));
    };
  }

  private Answer ready() throws InterruptedException {
    List<String> problems = checkReadiness.check();
    return problems.isEmpty()
        ? Answer.text(200, "ready")
        : Answer.text(503, String.join("\n", problems));
  }

  private Answer metrics() throws IOException, InterruptedException {
    return new Answer(200, MetricsPage.CONTENT_TYPE, metrics.text(), Map.of());
  }

  private Answer json(int status, Reply reply) {
    return Answer.json(status, new String(replyJson.toBytes(reply), StandardCharsets.UTF_8));
  }
}
