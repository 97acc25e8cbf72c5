package mstc.cloud.worker.bootstrap.cli;

import static mstc.cloud.worker.bootstrap.remote.ScriptedWorker.json;
import static mstc.cloud.worker.bootstrap.remote.ScriptedWorker.problem;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Stream;
import mstc.cloud.worker.bootstrap.remote.ScriptedWorker;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class JobsCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int jobs(ScriptedWorker worker, String... arguments) {
    String[] all =
        Stream.concat(Stream.of("--url=" + worker.url()), Stream.of(arguments))
            .toArray(String[]::new);
    return new CommandLine(new JobsCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(all);
  }

  private static ScriptedWorker.Answer page(String name, String next) {
    return json(
        """
        {"jobs": [{"name": "%s", "state": "PENDING", "createdAt": "2026-11-27T10:00:00Z",
                   "image": "solver"}],
         "total": 3, "next": %s}
        """
            .formatted(name, next));
  }

  @Test
  void pagesAreReadUpToTheLimitAndTheRestIsCounted() throws Exception {
    try (ScriptedWorker worker =
        new ScriptedWorker(page("a-1", "\"p 2\""), page("b-2", "\"p3\""))) {
      // when
      int code =
          jobs(
              worker,
              "--limit=2",
              "--state=pending",
              "--outcome=failed,out_of_memory",
              "--label=team=a b");

      // then
      assertThat(worker.received().stream().map(ScriptedWorker.Received::request))
          .containsExactly(
              "GET /mstc/jobs?limit=2&state=PENDING&label=team%3Da%20b&outcome=FAILED&outcome=OUT_OF_MEMORY",
              "GET /mstc/jobs?limit=1&after=p%202&state=PENDING&label=team%3Da%20b&outcome=FAILED&outcome=OUT_OF_MEMORY");
      assertThat(out.toString().lines().map(line -> line.split(" ", 2)[0]))
          .containsExactly("NAME", "a-1", "b-2");
      assertThat(err.toString()).contains("1 more jobs match");
      assertThat(code).isZero();
    }
  }

  @Test
  void jobsForProgramsAreOneArray() throws Exception {
    try (ScriptedWorker worker = new ScriptedWorker(page("a-1", "null"))) {
      // when
      int code = jobs(worker, "--json");

      // then
      assertThat(out.toString()).startsWith("[").contains("\"name\" : \"a-1\"").contains("]");
      assertThat(code).isZero();
    }
  }

  @Test
  void watchingGivesALineForEachChangeUntilTheWorkerRefuses() throws Exception {
    try (ScriptedWorker worker =
        new ScriptedWorker(
            page("a-1", "null"),
            ScriptedWorker.events("event: jobs\ndata: []\n\n"),
            page("b-2", "null"),
            problem(401, "a token is required"))) {
      // when
      jobs(worker, "--watch");

      // then
      assertThat(out.toString().lines()).containsExactly("a-1  pending", "b-2  pending");
      assertThat(worker.received().get(1).request()).isEqualTo("GET /mstc/events");
    }
  }

  @Test
  void aLimitOfNothingIsRefused() throws Exception {
    try (ScriptedWorker worker = new ScriptedWorker(page("a-1", "null"))) {
      assertThat(jobs(worker, "--limit=0")).isEqualTo(2);
    }
  }
}
