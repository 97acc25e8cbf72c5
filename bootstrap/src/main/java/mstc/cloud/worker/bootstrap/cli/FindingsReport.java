package mstc.cloud.worker.bootstrap.cli;

import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.diagnosis.Check;
import mstc.cloud.worker.domain.diagnosis.Finding;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Shows what checks found, to people or to programs. */
abstract class FindingsReport {
  private static final int MAX_LINE_LENGTH = 1000;

  enum Status {
    OK,
    FAILED,
    SKIPPED;

    static Status of(Finding finding) {
      return switch (finding) {
        case Finding.Passed _ -> OK;
        case Finding.Failed _ -> FAILED;
        case Finding.Skipped _ -> SKIPPED;
      };
    }
  }

  /** A line for each check as soon as it is over, with lines below for what is wrong. */
  static FindingsReport text(PrintWriter out) {
    return new Text(out);
  }

  /** An array of objects at the end. */
  static FindingsReport json(PrintWriter out) {
    return new Json(out);
  }

  abstract void add(Check check, Finding finding);

  /** Called after the last check. */
  abstract void end();

  private static String line(String text) {
    return PrintableText.oneLine(text, MAX_LINE_LENGTH);
  }

  private static String tried(Check check, Finding finding) {
    return finding instanceof Finding.Passed(String seen) && !seen.isEmpty()
        ? line(check.tried() + ": " + seen)
        : line(check.tried());
  }

  private static final class Text extends FindingsReport {
    private static final String INDENT = "         ";

    private final PrintWriter out;
    private final Map<Status, Integer> counts = new EnumMap<>(Status.class);

    Text(PrintWriter out) {
      this.out = out;
    }

    @Override
    void add(Check check, Finding finding) {
      counts.merge(Status.of(finding), 1, Integer::sum);
      String status =
          switch (Status.of(finding)) {
            case OK -> "ok";
            case FAILED -> "FAILED";
            case SKIPPED -> "skipped";
          };
      out.printf("%-8s %s: %s%n", status, check.name(), tried(check, finding));
      switch (finding) {
        case Finding.Passed _ -> {}
        case Finding.Failed(String problem, String remedy) -> {
          out.println(INDENT + line(problem));
          out.println(INDENT + "→ " + line(remedy));
        }
        case Finding.Skipped(String reason) -> out.println(INDENT + line(reason));
      }
      out.flush();
    }

    @Override
    void end() {
      out.printf(
          "%d ok, %d failed, %d skipped%n",
          counts.getOrDefault(Status.OK, 0),
          counts.getOrDefault(Status.FAILED, 0),
          counts.getOrDefault(Status.SKIPPED, 0));
      out.flush();
    }
  }

  private static final class Json extends FindingsReport {
    private final JsonMapper mapper = JsonMapper.shared();
    private final ArrayNode findings = mapper.createArrayNode();
    private final PrintWriter out;

    Json(PrintWriter out) {
      this.out = out;
    }

    @Override
    void add(Check check, Finding finding) {
      ObjectNode node = findings.addObject();
      node.put("check", line(check.name()));
      node.put("status", Status.of(finding).name().toLowerCase(Locale.ROOT));
      node.put("tried", tried(check, finding));
      switch (finding) {
        case Finding.Passed _ -> node.putNull("problem").putNull("remedy");
        case Finding.Failed(String problem, String remedy) ->
            node.put("problem", line(problem)).put("remedy", line(remedy));
        case Finding.Skipped(String reason) -> node.put("problem", line(reason)).putNull("remedy");
      }
    }

    @Override
    void end() {
      out.println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(findings));
      out.flush();
    }
  }
}
