package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.PrintableText;
import org.eclipse.jetty.http.HttpFields;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thing that is served.
 *
 * @param path where; a part in braces stands for any text without a slash
 * @param operations what can be done with it, each by a method of its own
 */
record Resource(String path, List<Operation> operations) {
  private static final Logger LOG = LoggerFactory.getLogger(Resource.class);
  private static final int MAX_LOGGED_LENGTH = 1000;
  private static final String READ = "GET";

  Resource(String path, Operation... operations) {
    this(path, List.of(operations));
  }

  /** Who may do something, from the most to the fewest. */
  enum Audience {
    /** With or without a token. */
    EVERYONE,
    /** Whoever may see jobs. */
    READERS,
    /** Whoever may run them. */
    SUBMITTERS
  }

  /**
   * A request that has arrived and was let in.
   *
   * @param variable what stands for the part of the path in braces; empty if there is none
   */
  record Call(String path, String variable, Query query, HttpFields headers, InputStream body) {}

  /** Answers a request, and may block. */
  @FunctionalInterface
  interface Handler {
    Answer handle(Call call) throws IOException, InterruptedException;
  }

  /**
   * Something that is done with a resource.
   *
   * @param method {@code GET} is done for {@code HEAD}, too
   * @param maxBodyBytes how much of a request's body is kept for the handler
   * @param isLong whether its client may wait for hours
   */
  record Operation(
      String method, Audience audience, int maxBodyBytes, boolean isLong, Handler handler) {

    static Operation open(Handler handler) {
      return new Operation(READ, Audience.EVERYONE, 0, false, handler);
    }

    static Operation reading(Handler handler) {
      return new Operation(READ, Audience.READERS, 0, false, handler);
    }

    static Operation changing(String method, int maxBodyBytes, boolean isLong, Handler handler) {
      return new Operation(method, Audience.SUBMITTERS, maxBodyBytes, isLong, handler);
    }

    private boolean isFor(String requested) {
      return requested.equals(method) || (requested.equals("HEAD") && method.equals(READ));
    }

    private String allowed() {
      return method.equals(READ) ? "GET, HEAD" : method;
    }

    /** What the handler answers; what goes wrong is an answer, too. */
    Answer answer(Call call) {
      Failures failures = Failures.of(call.path());
      try {
        return handler.handle(call);
      } catch (BadRequestException e) {
        return failures.answer(400, String.valueOf(e.getMessage()));
      } catch (PortException e) {
        String message = PrintableText.oneLine(String.valueOf(e.getMessage()), MAX_LOGGED_LENGTH);
        LOG.warn("{} failed: {}", PrintableText.quote(call.path()), message);
        return failures == Failures.PROBLEM && e.isRetryable()
            ? failures.answer(503, message, Failures.RETRY_LATER)
            : failures.answer(500, message);
      } catch (InterruptedException e) {
        return failures.answer(503, "the worker stops; a job that has begun runs on");
      } catch (IOException | RuntimeException e) {
        LOG.error("{} failed", PrintableText.quote(call.path()), e);
        return failures.answer(500, "the worker failed: " + e);
      }
    }
  }

  /** Empty if that method does nothing here. */
  Optional<Operation> operation(String method) {
    return operations.stream().filter(operation -> operation.isFor(method)).findFirst();
  }

  String allowed() {
    return operations.stream().map(Operation::allowed).collect(Collectors.joining(", "));
  }

  /** What stands for the part in braces, or an empty text; empty if the path is another. */
  Optional<String> match(String requested) {
    int begin = path.indexOf('{');
    if (begin < 0) {
      return path.equals(requested) ? Optional.of("") : Optional.empty();
    }
    String before = path.substring(0, begin);
    String after = path.substring(path.indexOf('}') + 1);
    if (requested.length() <= before.length() + after.length()
        || !requested.startsWith(before)
        || !requested.endsWith(after)) {
      return Optional.empty();
    }
    String variable = requested.substring(before.length(), requested.length() - after.length());
    return variable.indexOf('/') < 0 ? Optional.of(variable) : Optional.empty();
  }
}
