package mstc.cloud.worker.adapters.http;

import java.util.LinkedHashMap;
import java.util.Map;

/** The response to a request, whole. */
record Answer(int status, String contentType, String body, Map<String, String> headers) {
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String JSON = "application/json";

  static Answer text(int status, String line) {
    return text(status, line, Map.of());
  }

  static Answer text(int status, String line, Map<String, String> headers) {
    return new Answer(status, TEXT, line + "\n", headers);
  }

  static Answer json(int status, String document) {
    return new Answer(status, JSON, document + "\n", Map.of());
  }

  /** The same, and the last on its connection. */
  Answer closing() {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put("Connection", "close");
    return new Answer(status, contentType, body, more);
  }
}
