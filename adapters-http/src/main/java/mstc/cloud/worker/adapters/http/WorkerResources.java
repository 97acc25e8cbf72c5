package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.adapters.http.Resource.Call;
import mstc.cloud.worker.adapters.http.Resource.Operation;
import mstc.cloud.worker.application.CheckReadiness;
import mstc.cloud.worker.application.Worker;
import mstc.cloud.worker.application.intake.ExecuteWork;
import mstc.cloud.worker.application.intake.ExecuteWork.Execution;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.RequestParser;
import mstc.cloud.worker.wire.ReplyJson;
import mstc.cloud.worker.wire.RequestJson;

/** The worker itself: it says hello, runs requests, and tells how it is. */
final class WorkerResources {
  static final String NO_ROOM = "no room for another job at the moment, try again";

  private final ReplyJson replyJson = new ReplyJson();
  private final RequestParser parser;
  private final ExecuteWork executeWork;
  private final CheckReadiness checkReadiness;
  private final MetricsPage metrics;

  WorkerResources(Worker worker, RequestParser parser, MetricsPage metrics) {
    this.parser = parser;
    this.executeWork = worker.executeWork();
    this.checkReadiness = worker.checkReadiness();
    this.metrics = metrics;
  }

  List<Resource> all() {
    return List.of(
        new Resource("/mstc/worker", Operation.open(call -> Answer.text(200, "hello"))),
        new Resource(
            "/mstc/worker/execute",
            Operation.changing("POST", RequestJson.MAX_BYTES + 1, true, this::execute)),
        new Resource("/health/live", Operation.open(call -> Answer.text(200, "live"))),
        new Resource("/health/ready", Operation.open(call -> ready())),
        new Resource("/metrics", Operation.open(call -> metrics())));
  }

  private Answer execute(Call call) throws IOException, InterruptedException {
    Optional<String> key = IdempotencyKey.of(call);
    ParsedRequest request = parser.read(call.body());
    return switch (executeWork.execute(request, key)) {
      case Execution.Ended(var reply) -> json(200, reply);
      case Execution.Invalid(var reply) -> json(400, reply);
      case Execution.NoRoom() -> Answer.text(503, NO_ROOM, Failures.RETRY_LATER);
    };
  }

  private Answer ready() throws InterruptedException {
    List<String> problems = checkReadiness.check();
    return problems.isEmpty()
        ? Answer.text(200, "ready")
        : Answer.text(503, String.join("\n", problems));
  }

  private Answer metrics() throws IOException, InterruptedException {
    return new Answer.Whole(200, MetricsPage.CONTENT_TYPE, metrics.text(), Map.of());
  }

  private Answer json(int status, Reply reply) {
    return Answer.json(status, new String(replyJson.toBytes(reply), StandardCharsets.UTF_8));
  }
}
