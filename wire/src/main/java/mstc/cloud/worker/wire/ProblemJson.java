package mstc.cloud.worker.wire;

import java.util.List;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes what was wrong with an HTTP request.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457, Problem Details for HTTP APIs</a>
 */
public final class ProblemJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder(JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build())
          .build();

  private ProblemJson() {}

  /**
   * A problem, on one line.
   *
   * @param title what the status is called
   * @param detail what was wrong and what to do
   * @param violations each value that is not allowed; none if it is not about values
   */
  public static String write(int status, String title, String detail, List<String> violations) {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("title", title);
    node.put("status", status);
    node.put("detail", detail);
    if (!violations.isEmpty()) {
      violations.forEach(node.putArray("violations")::add);
    }
    return MAPPER.writeValueAsString(node);
  }
}
