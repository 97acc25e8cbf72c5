package mstc.cloud.worker.bootstrap.cli;

import static mstc.cloud.worker.bootstrap.remote.ScriptedWorker.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;
import mstc.cloud.worker.bootstrap.remote.ScriptedWorker;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class CancelCommandTest {
  private static final String FOUND =
      "{\"preview\": true, \"jobs\": [\"a-1\", \"a-2\"], \"failures\": {}}";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int cancel(ScriptedWorker worker, String... arguments) {
    String[] all =
        Stream.concat(Stream.of("--url=" + worker.url()), Stream.of(arguments))
            .toArray(String[]::new);
    return new CommandLine(new CancelCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(all);
  }

  private static List<String> bodies(ScriptedWorker worker) {
    return worker.received().stream().map(ScriptedWorker.Received::body).toList();
  }

  @Test
  void jobsThatAreNamedAreCancelledAtOnce() throws Exception {
    try (ScriptedWorker worker =
        new ScriptedWorker(
            json(
                """
                {"preview": false, "jobs": ["a-1"], "failures": {"b": "there is no such job"}}
                """))) {
      // when
      int code = cancel(worker, "a-1", "b");

      // then
      assertThat(bodies(worker)).containsExactly("{\"names\":[\"a-1\",\"b\"],\"preview\":false}");
      assertThat(out.toString().lines()).containsExactly("a-1 is being cancelled");
      assertThat(err.toString().lines()).containsExactly("mstc: b: there is no such job");
      assertThat(code).isEqualTo(1);
    }
  }

  @Test
  void jobsThatMatchAreOnlyCancelledWhenThatIsConfirmed() throws Exception {
    try (ScriptedWorker worker = new ScriptedWorker(json(FOUND))) {
      // when
      int unconfirmed = cancel(worker, "--image=solver", "--state=pending,running");

      // then
      assertThat(bodies(worker))
          .containsExactly(
              "{\"state\":[\"PENDING\",\"RUNNING\"],\"image\":\"solver\",\"preview\":true}");
      assertThat(err.toString().lines())
          .singleElement()
          .asString()
          .contains("nothing was cancelled", "2", "--yes");
      assertThat(unconfirmed).isEqualTo(2);

      // when
      int confirmed = cancel(worker, "--label=team=a", "--label=x", "--name=a*", "--yes");

      // then
      assertThat(bodies(worker).getLast())
          .isEqualTo("{\"name\":\"a*\",\"label\":[\"team=a\",\"x\"],\"preview\":false}");
      assertThat(confirmed).isZero();
    }
  }

  @Test
  void aPreviewSaysWhatWouldBeCancelled() throws Exception {
    try (ScriptedWorker worker = new ScriptedWorker(json(FOUND))) {
      // when
      int code = cancel(worker, "--image=solver", "--preview");

      // then
      assertThat(out.toString().lines())
          .containsExactly("a-1 would be cancelled", "a-2 would be cancelled");
      assertThat(code).isZero();
    }
  }

  @Test
  void namesAndFiltersTogetherOrNeitherAreRefused() throws Exception {
    try (ScriptedWorker worker = new ScriptedWorker(json(FOUND))) {
      assertThat(cancel(worker, "a-1", "--image=solver")).isEqualTo(2);
      assertThat(cancel(worker)).isEqualTo(2);
      assertThat(worker.received()).isEmpty();
    }
  }
}
