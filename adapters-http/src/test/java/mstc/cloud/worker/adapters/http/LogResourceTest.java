package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import mstc.cloud.worker.adapters.http.EventClient.Event;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectLocation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A job's log over HTTP, as it grows and as it was stored. */
@Timeout(60)
class LogResourceTest {
  private final Api api = new Api();

  @AfterEach
  void close() {
    api.close();
  }

  private static String path(UniqueName job) {
    return "/mstc/jobs/" + job + "/log";
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  private UniqueName ended(String log) {
    UniqueName job = api.submit(Api.REQUEST);
    api.runtime.end(job, new JobOutcome.Succeeded(), log);
    api.awaitEnded(job);
    return job;
  }

  @Test
  void aRunningJobShowsWhatItHasWrittenByNow() {
    // given
    UniqueName job = api.submit(Api.REQUEST);
    api.runtime.write(job, "begun\n");

    // when
    HttpResponse<String> response = api.get(path(job));

    // then
    assertThat(response.body()).isEqualTo("begun\n");
    assertThat(header(response, "Mstc-Log-Source")).isEqualTo("runtime");
    assertThat(header(response, "Mstc-Log-Complete")).isEmpty();
  }

  @Test
  void anAnsweredJobShowsItsStoredLog() {
    // given
    UniqueName job = ended("it wrote größe\n");

    // when
    HttpResponse<String> response = api.get(path(job));

    // then
    assertThat(response.body()).isEqualTo("it wrote größe\n");
    assertThat(header(response, "Content-Type")).isEqualTo("text/plain; charset=utf-8");
    assertThat(header(response, "Content-Length")).isEqualTo("17");
    assertThat(header(response, "Mstc-Log-Source")).isEqualTo("store");
    assertThat(header(response, "Mstc-Log-Complete")).isEqualTo("true");
  }

  @Test
  void whereSomethingIsMissingALineSaysSo() {
    // given
    UniqueName job = api.submit(Api.REQUEST);
    api.runtime.write(job, "lost\nkept\n");
    api.runtime.dropBeginning(job, "lost\n".length());

    // when
    HttpResponse<String> response = api.get(path(job));

    // then
    assertThat(response.body())
        .isEqualTo("[mstc-cloud-worker: 5 bytes are no longer there]\nkept\n");
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=0-3, 206, 0123, bytes 0-3/10",
    "bytes=7-, 206, 789, bytes 7-9/10",
    "bytes=8-99, 206, 89, bytes 8-9/10",
    "bytes=-4, 206, 6789, bytes 6-9/10",
    "bytes=-99, 206, 0123456789, bytes 0-9/10",
    "bytes=10-, 416, '', bytes */10",
    "bytes=-0, 416, '', bytes */10",
    "'bytes=0-1,4-5', 200, 0123456789, ''",
    "bytes=5-2, 200, 0123456789, ''",
    "bytes=x, 200, 0123456789, ''",
    "lines=1-2, 200, 0123456789, ''"
  })
  void aRangeOfAStoredLogIsAnswered(String range, int status, String text, String where) {
    // given
    UniqueName job = ended("0123456789");

    // when
    HttpResponse<String> response = api.send(api.to(path(job)).header("Range", range));

    // then
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(header(response, "Content-Range")).isEqualTo(where);
    if (status != 416) {
      assertThat(response.body()).isEqualTo(text);
    }
  }

  @Test
  void anEmptyLogIsWhole() {
    // given
    UniqueName job = ended("");

    // when
    HttpResponse<String> response = api.get(path(job));

    // then
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEmpty();
    assertThat(header(response, "Content-Length")).isEqualTo("0");
  }

  @Test
  void aLogOfManyPiecesIsWhole() {
    // given
    String text = "line of the log\n".repeat(40_000);
    UniqueName job = ended(text);

    // then
    assertThat(api.get(path(job)).body()).isEqualTo(text);
  }

  @Test
  void headOfAStoredLogTellsItsLength() {
    // given
    UniqueName job = ended("0123456789");

    // when
    HttpResponse<String> response =
        api.send(api.to(path(job)).method("HEAD", BodyPublishers.noBody()));

    // then
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(header(response, "Content-Length")).isEqualTo("10");
    assertThat(api.get(path(job)).body()).isEqualTo("0123456789");
  }

  @Test
  void aFollowerGetsWhatIsWrittenUntilTheJobHasEnded() {
    // given
    UniqueName job = api.submit(Api.REQUEST);
    api.runtime.write(job, "begun\n");
    CompletableFuture<HttpResponse<String>> follower =
        api.begin(api.to(path(job) + "?follow=true"));
    Api.eventually().until(() -> api.views.open() == 1);

    // when
    api.runtime.write(job, "more\n");
    api.succeed(job);

    // then
    assertThat(follower.join().body()).isEqualTo("begun\nmore\nlog");
    Api.eventually().until(() -> api.metric("mstc_http_streams") == 0);
    assertThat(api.views.open()).isZero();
  }

  @Test
  void eventsTellTheLogAndAtLastTheJob() throws IOException, InterruptedException {
    // given
    UniqueName job = api.submit(Api.REQUEST);
    try (EventClient client = api.events(api.to(path(job)))) {
      api.runtime.write(job, "größe \"1\"\n");
      client.await("log", "1");

      // when
      api.succeed(job);

      // then
      assertThat(client.await("end", "SUCCEEDED")).contains(job.value(), "\"state\":\"ENDED\"");
      assertThat(client.data("log"))
          .containsExactly("{\"text\":\"gr\\u00F6\\u00DFe \\\"1\\\"\\n\"}", "{\"text\":\"log\"}");
      Api.eventually().until(client::isEnded);
    }
  }

  @Test
  void aClientThatComesBackGetsWhatFollowsItsLastEvent() throws IOException, InterruptedException {
    // given
    UniqueName job = api.submit(Api.REQUEST);
    api.runtime.write(job, "first\n");
    String last;
    try (EventClient client = api.events(api.to(path(job)))) {
      client.await("log", "first");
      last = client.events().getFirst().id().orElseThrow();
    }
    api.runtime.write(job, "second\n");

    // when
    try (EventClient client = api.events(api.to(path(job)).header("Last-Event-ID", last))) {
      // then
      assertThat(client.await("log", "second")).doesNotContain("first");
    }
  }

  @Test
  void aClientThatComesBackWhenTheJobIsAnsweredMissesNothing()
      throws IOException, InterruptedException {
    // given
    UniqueName job = api.submit(Api.REQUEST);
    api.runtime.write(job, "first\n");
    String last;
    try (EventClient client = api.events(api.to(path(job)))) {
      client.await("log", "first");
      last = client.events().getFirst().id().orElseThrow();
    }
    api.runtime.end(job, new JobOutcome.Failed(3), "last\n");
    api.awaitEnded(job);

    // when
    try (EventClient client = api.events(api.to(path(job)).header("Last-Event-ID", last))) {
      // then
      client.await("end", "FAILED");
      assertThat(client.data("log")).containsExactly("{\"text\":\"last\\n\"}");
    }
  }

  @Test
  void whatIsMissingIsNoticed() throws IOException, InterruptedException {
    // given
    UniqueName job = api.submit(Api.REQUEST);
    api.runtime.write(job, "lost\nkept\n");
    api.runtime.dropBeginning(job, "lost\n".length());

    // when
    try (EventClient client = api.events(api.to(path(job)))) {
      client.await("log", "kept");

      // then
      assertThat(client.events()).extracting(Event::name).containsExactly("notice", "log");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "w12", "s1-2"})
  void anEventThatNoneWasIsAProblem(String id) throws IOException, InterruptedException {
    // given
    UniqueName job = api.submit(Api.REQUEST);

    // when
    HttpResponse<String> response =
        api.send(
            api.to(path(job)).header("Accept", "text/event-stream").header("Last-Event-ID", id));

    // then
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(header(response, "Content-Type")).isEqualTo("application/problem+json");
  }

  @Test
  void aLogThatCouldNotBeStoredIsAProblemThatSaysSo() {
    // given
    UniqueName job = ended("log");
    api.store.delete(new ObjectLocation(new BucketName("results"), job + ".log"));

    // when
    HttpResponse<String> response = api.get(path(job));

    // then
    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(response.body()).contains("no longer in the object store");
  }

  @Test
  void charactersThatAreCutBetweenPiecesAreWhole() {
    // given
    byte[] text = "größe 🎈\n".getBytes(StandardCharsets.UTF_8);

    for (int cut = 0; cut <= text.length; cut++) {
      TextPieces pieces = new TextPieces();

      // when
      String joined =
          pieces.next(Arrays.copyOf(text, cut))
              + pieces.next(Arrays.copyOfRange(text, cut, text.length))
              + pieces.rest();

      // then
      assertThat(joined).isEqualTo("größe 🎈\n");
    }
  }

  @Test
  void whatIsNoTextIsReplaced() {
    // given
    TextPieces pieces = new TextPieces();

    // then
    assertThat(pieces.next(new byte[] {'a', (byte) 0xff, 'b', (byte) 0xc3})).isEqualTo("a\ufffdb");
    assertThat(pieces.rest()).isEqualTo("\ufffd");
  }
}
