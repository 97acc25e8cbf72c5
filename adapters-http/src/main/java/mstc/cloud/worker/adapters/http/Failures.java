package mstc.cloud.worker.adapters.http;

import java.util.List;
import java.util.Map;
import mstc.cloud.worker.adapters.http.Answer.Whole;
import mstc.cloud.worker.wire.ProblemJson;
import org.eclipse.jetty.http.HttpStatus;

/** How a resource says what went wrong. */
enum Failures {
  /** In a line of text, as the resources of the first version do. */
  TEXT {
    @Override
    Whole answer(int status, String detail, Map<String, String> headers) {
      return Answer.text(status, detail, headers);
    }
  },
  /** As problem details (RFC 9457). */
  PROBLEM {
    @Override
    Whole answer(int status, String detail, Map<String, String> headers) {
      return problem(status, detail, List.of(), headers);
    }
  };

  private static final String CONTENT_TYPE = "application/problem+json";
  private static final List<String> WITH_PROBLEMS = List.of("/mstc/jobs", "/mstc/events");
  private static final String RETRY_AFTER_SECONDS = "5";

  /** What a client is told to wait before it tries again. */
  static final Map<String, String> RETRY_LATER = Map.of("Retry-After", RETRY_AFTER_SECONDS);

  abstract Whole answer(int status, String detail, Map<String, String> headers);

  Whole answer(int status, String detail) {
    return answer(status, detail, Map.of());
  }

  /** How it is said of that path, whether anything is there or not. */
  static Failures of(String path) {
    return WITH_PROBLEMS.stream().anyMatch(path::startsWith) ? PROBLEM : TEXT;
  }

  /** The values of a request that are not allowed. */
  static Whole violations(String detail, List<String> violations) {
    return problem(HttpStatus.BAD_REQUEST_400, detail, violations, Map.of());
  }

  private static Whole problem(
      int status, String detail, List<String> violations, Map<String, String> headers) {
    return new Whole(
        status,
        CONTENT_TYPE,
        ProblemJson.write(status, HttpStatus.getMessage(status), detail, violations) + "\n",
        headers);
  }
}
