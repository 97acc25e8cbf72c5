package mstc.cloud.worker.bootstrap.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Where a log goes: as it is to standard output, or as one JSON object a line. */
abstract class LogOutput {
  private static final int LONGEST_PIECE = 64 * 1024;

  /**
   * The log's own bytes.
   *
   * @param notices takes what is to be said about it
   */
  static LogOutput plain(PrintStream out, PrintWriter notices) {
    return new Plain(out, notices);
  }

  /**
   * Objects with one property: {@code log} with a part of the text, {@code notice}, or at the end
   * of a log that is followed {@code end} with the job.
   */
  static LogOutput objects(PrintWriter out) {
    return new Objects(out);
  }

  abstract void text(String text);

  abstract void notice(String text);

  abstract void end(JsonNode job);

  /** Whether somebody still reads; false once the reader of a pipe has gone. */
  abstract boolean isOpen();

  /** All bytes of a log that is not followed. */
  abstract void copy(InputStream log) throws IOException;

  private static final class Plain extends LogOutput {
    private final PrintStream out;
    private final PrintWriter notices;

    Plain(PrintStream out, PrintWriter notices) {
      this.out = out;
      this.notices = notices;
    }

    @Override
    void text(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      out.write(bytes, 0, bytes.length);
      out.flush();
    }

    @Override
    void notice(String text) {
      notices.println("mstc: " + text);
      notices.flush();
    }

    @Override
    void end(JsonNode job) {
      String result = job.path("result").asString("");
      if (!result.isEmpty()) {
        notice(result);
      }
    }

    @Override
    boolean isOpen() {
      return !out.checkError();
    }

    @Override
    void copy(InputStream log) throws IOException {
      log.transferTo(out);
      out.flush();
    }
  }

  private static final class Objects extends LogOutput {
    private final JsonMapper mapper = JsonMapper.shared();
    private final PrintWriter out;

    Objects(PrintWriter out) {
      this.out = out;
    }

    private void print(ObjectNode object) {
      out.println(object);
      out.flush();
    }

    @Override
    void text(String text) {
      print(mapper.createObjectNode().put("log", text));
    }

    @Override
    void notice(String text) {
      print(mapper.createObjectNode().put("notice", text));
    }

    @Override
    void end(JsonNode job) {
      print(mapper.createObjectNode().set("end", job));
    }

    @Override
    boolean isOpen() {
      return !out.checkError();
    }

    /** A line each; a reader decodes, so that no character is cut in two. */
    @Override
    void copy(InputStream log) throws IOException {
      Reader reader = new BufferedReader(new InputStreamReader(log, StandardCharsets.UTF_8));
      StringBuilder line = new StringBuilder();
      for (int next = reader.read(); next >= 0; next = reader.read()) {
        line.append((char) next);
        if (next == '\n' || (line.length() >= LONGEST_PIECE && !isHigh(next))) {
          text(line.toString());
          line.setLength(0);
        }
      }
      if (!line.isEmpty()) {
        text(line.toString());
      }
    }

    private static boolean isHigh(int character) {
      return Character.isHighSurrogate((char) character);
    }
  }
}
