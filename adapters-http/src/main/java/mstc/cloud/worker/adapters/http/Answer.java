package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The response to a request. */
sealed interface Answer {
  String JSON = "application/json";
  String TEXT = "text/plain; charset=utf-8";

  int status();

  String contentType();

  Map<String, String> headers();

  /** A response that is whole from the start. */
  // Responses are not compared, and their bytes are written only once.
  @SuppressWarnings("ArrayRecordComponent")
  record Whole(int status, String contentType, byte[] body, Map<String, String> headers)
      implements Answer {

    Whole(int status, String contentType, String body, Map<String, String> headers) {
      this(status, contentType, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    /** The same, and the last on its connection. */
    Whole closing() {
      return with("Connection", "close");
    }

    Whole with(String header, String value) {
      Map<String, String> more = new LinkedHashMap<>(headers);
      more.put(header, value);
      return new Whole(status, contentType, body, more);
    }
  }

  /** A response that is written bit by bit, as fast as its client reads. */
  record Streamed(
      int status, String contentType, Map<String, String> headers, Length length, Body body)
      implements Answer {}

  /** What is known of a streamed response's length. */
  enum Length {
    /** It is in the headers. */
    KNOWN,
    /** One that is broken off must not look as if it were whole. */
    UNKNOWN,
    /** It has no end of its own, and may end anywhere between two events. */
    ENDLESS
  }

  /** Writes what is streamed. */
  interface Body extends AutoCloseable {
    /**
     * Writes all of it, and blocks until that is done.
     *
     * @throws InterruptedException when the client is gone, or the worker stops
     */
    void writeTo(ResponseStream out) throws IOException, InterruptedException;

    /** Frees what it is read from, whether it was written or not. May be repeated. */
    @Override
    void close();
  }

  static Whole text(int status, String line) {
    return text(status, line, Map.of());
  }

  static Whole text(int status, String line, Map<String, String> headers) {
    return new Whole(status, TEXT, line + "\n", headers);
  }

  static Whole json(int status, String document) {
    return new Whole(status, JSON, document + "\n", Map.of());
  }
}
