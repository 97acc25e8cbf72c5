package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import mstc.cloud.worker.adapters.http.HttpSettings.Limits;
import mstc.cloud.worker.application.view.RecentJobs;
import mstc.cloud.worker.domain.job.UniqueName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Responses that are streamed hold up nobody else, and are freed when their clients are gone. */
@Timeout(120)
class StreamsTest {
  private static final String STREAMS = "mstc_http_streams";
  private static final String CONNECTIONS = "mstc_http_connections";
  private static final Duration LONG = Duration.ofHours(1);

  private static Api api(int streams, Duration idle) {
    return new Api(
        new HttpSettings(
            "127.0.0.1",
            0,
            Optional.empty(),
            Optional.empty(),
            new Limits(1024, 512, 16 * 1024, LONG, idle, streams),
            RecentJobs.DEFAULT));
  }

  private static String log(UniqueName job) {
    return "/mstc/jobs/" + job + "/log?follow=true";
  }

  private static String head(String path) {
    return "GET " + path + " HTTP/1.1\nHost: localhost\n\n";
  }

  @Test
  void twoHundredFollowersGetEverythingWhileOneReadsNothingAndOneLeaves() throws IOException {
    try (Api api = api(512, LONG)) {
      // given
      UniqueName job = api.submit(Api.REQUEST);
      List<CompletableFuture<HttpResponse<String>>> followers = new ArrayList<>();
      for (int index = 0; index < 198; index++) {
        followers.add(api.begin(api.to(log(job)).timeout(Duration.ofMinutes(2))));
      }
      Intruder slow = Intruder.of(api).send(head(log(job)));
      Intruder leaving = Intruder.of(api).send(head(log(job)));
      Api.eventually().until(() -> api.views.open() == 200);

      // when
      leaving.close();
      Api.eventually().until(() -> api.views.open() == 199);
      String text = "what the job writes\n".repeat(3_000);
      for (int index = 0; index < 20; index++) {
        api.runtime.write(job, text);
      }
      api.succeed(job);

      // then
      String whole = text.repeat(20) + "log";
      assertThat(followers).allSatisfy(one -> assertThat(one.join().body()).isEqualTo(whole));
      slow.close();
      Api.eventually().until(() -> api.metric(STREAMS) == 0);
      assertThat(api.views.open()).isZero();
      Api.eventually().until(() -> api.metric("mstc_http_requests_in_progress") == 1);
    }
  }

  @Test
  void aClientThatReadsNothingIsCutWhenItsConnectionIdles() throws IOException {
    try (Api api = api(10, Duration.ofSeconds(1))) {
      // given
      UniqueName job = api.submit(Api.REQUEST);
      try (Intruder _ = Intruder.of(api).send(head(log(job)))) {
        Api.eventually().until(() -> api.views.open() == 1);

        // when
        for (int index = 0; index < 20; index++) {
          api.runtime.write(job, "x".repeat(1_000_000));
        }

        // then
        Api.eventually().until(() -> api.metric(STREAMS) == 0);
        assertThat(api.views.open()).isZero();
      }
    }
  }

  @Test
  void aStreamThatIsQuietOutlivesTheTimeThatAConnectionMayIdle() throws IOException {
    try (Api api = api(10, Duration.ofSeconds(1))) {
      // given
      UniqueName job = api.submit(Api.REQUEST);
      try (Intruder quiet = Intruder.of(api).send(head(log(job)));
          Intruder idle = Intruder.of(api)) {
        // when
        Api.eventually().until(idle::isCut);
        try (Intruder nextIdle = Intruder.of(api)) {
          Api.eventually().until(nextIdle::isCut);
        }
        api.runtime.write(job, "still here\n");

        // then
        Api.eventually().until(() -> !quiet.isCut() && quiet.received().contains("still here"));
      }
    }
  }

  @Test
  void whoFollowsEventsAndLeavesIsForgottenThoughNothingHappens() throws IOException {
    try (Api api = api(10, LONG)) {
      // given
      try (Intruder client = Intruder.of(api).send(head("/mstc/events"))) {
        Api.eventually().until(() -> !client.isCut() && client.received().contains("synced"));
        assertThat(api.metric(STREAMS)).isEqualTo(1);
      }

      // then
      Api.eventually().until(() -> api.metric(STREAMS) == 0);
    }
  }

  @Test
  void aStreamTooManyIsAProblemAndOthersAreAnswered() throws IOException, InterruptedException {
    try (Api api = api(1, LONG)) {
      // given
      try (EventClient first = api.events(api.to("/mstc/events"))) {
        first.await("synced", "{}");

        // when
        HttpResponse<String> second = api.get("/mstc/events");

        // then
        assertThat(second.statusCode()).isEqualTo(503);
        assertThat(second.body()).contains("mstc.http.max-streams");
        assertThat(second.headers().firstValue("Retry-After")).isPresent();
        assertThat(api.get("/mstc/jobs").statusCode()).isEqualTo(200);
      }
      Api.eventually().until(() -> api.get("/mstc/jobs").statusCode() == 200);
      Api.eventually().until(() -> api.metric(STREAMS) == 0);
    }
  }

  @Test
  void whenTheWorkerStopsStreamsOfEventsEndAndLogsAreBrokenOff()
      throws IOException, InterruptedException {
    try (Api api = api(10, LONG)) {
      // given
      UniqueName job = api.submit(Api.REQUEST);
      EventClient events = api.events(api.to("/mstc/events"));
      events.await("synced", "{}");
      Intruder log = Intruder.of(api).send(head(log(job)));
      Api.eventually().until(() -> api.views.open() == 1);

      // when
      api.stopWorker();
      api.http.close();

      // then
      Api.eventually().until(events::isEnded);
      Api.eventually().until(log::isCut);
      assertThat(log.received()).doesNotEndWith("0\r\n\r\n");
      Api.eventually().until(() -> api.views.open() == 0);
      log.close();
    }
  }

  @Test
  void eventsTellOfJobsAsTheyChangeAndLeave() throws IOException, InterruptedException {
    try (Api api =
        new Api(
            new HttpSettings(
                "127.0.0.1",
                0,
                Optional.empty(),
                Optional.empty(),
                Limits.DEFAULT,
                RecentJobs.DEFAULT))) {
      // given
      UniqueName first = api.submit(Api.REQUEST);
      try (EventClient client = api.events(api.to("/mstc/events"))) {
        client.await("synced", "{}");
        assertThat(client.events().getFirst().name()).isEqualTo("jobs");
        assertThat(client.events().getFirst().data()).contains(first.value());

        // when
        api.succeed(first);
        UniqueName second = api.submit(Api.REQUEST);

        // then
        client.await("jobs", "SUCCEEDED");
        client.await("jobs", second.value());
      }
      Api.eventually().until(() -> api.metric(CONNECTIONS) <= 1);
    }
  }
}
