package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients may take of the server, and that others are served meanwhile. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class LimitsTest {
  private static final Duration LONG = Duration.ofHours(1);

  /** Long enough for a whole request on a busy machine. */
  private static final Duration SHORT = Duration.ofSeconds(2);

  private static final String CONNECTIONS = "mstc_http_connections";
  private static final String IN_PROGRESS = "mstc_http_requests_in_progress";
  private static final String LATE = "mstc_http_connections_cut_total{reason=\"late\"}";
  private static final String CROWDED = "mstc_http_connections_cut_total{reason=\"crowded\"}";
  private static final String HALF = "GET /mstc/worker HTTP/1.1\nHost: localhost\nX: ";

  private final List<Intruder> intruders = new ArrayList<>();

  @AfterEach
  void close() throws IOException {
    for (Intruder intruder : intruders) {
      intruder.close();
    }
  }

  private static Api api(int connections, int perAddress, Duration arrival, Duration idle) {
    return new Api(
        new HttpSettings(
            "127.0.0.1",
            0,
            Optional.empty(),
            Optional.empty(),
            new Limits(connections, perAddress, 16 * 1024, arrival, idle, 10),
            RecentJobs.DEFAULT));
  }

  private Intruder intruder(Api api) throws IOException {
    return intruder("127.0.0.1", api);
  }

  private Intruder intruder(String address, Api api) throws IOException {
    Intruder intruder = Intruder.from(address, api);
    intruders.add(intruder);
    return intruder;
  }

  private long cut() {
    return intruders.stream().filter(Intruder::isCut).count();
  }

  @ParameterizedTest
  @ValueSource(ints = {20_000, 350_000, 2_000_000})
  void tooManyHeadersAre431AndTheConnectionIsClosed(int bytes) throws IOException {
    try (Api api = api(10, 10, Duration.ofSeconds(2), LONG)) {
      // when
      Intruder intruder = intruder(api).send(HALF + "x".repeat(bytes));

      // then
      Api.eventually().until(intruder::isCut);
      assertThat(intruder.received()).matches("(?s)(HTTP/1.1 431 .*)?");
      assertThat(api.get("/mstc/worker").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void whoSendsALittleTooManyHeadersIsTold() throws IOException {
    try (Api api = api(10, 10, LONG, LONG)) {
      // when
      Intruder intruder = intruder(api).send(HALF + "x".repeat(16 * 1024));

      // then
      Api.eventually().until(() -> intruder.isCut() || intruder.received().endsWith("\n"));
      assertThat(intruder.received()).startsWith("HTTP/1.1 431 ");
    }
  }

  @Test
  void headersThatFitAreRead() {
    try (Api api = api(10, 10, LONG, LONG)) {
      // when
      HttpResponse<String> response =
          api.send(api.to("/mstc/worker").header("X-Long", "x".repeat(15 * 1024)));

      // then
      assertThat(response.statusCode()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GET", HALF})
  void aRequestThatStopsArrivingIsCut(String begun) throws IOException {
    try (Api api = api(10, 10, SHORT, LONG)) {
      // when
      Intruder intruder = intruder(api).send(begun);

      // then
      Api.eventually().until(intruder::isCut);
      assertThat(api.metric(LATE)).isEqualTo(1);
    }
  }

  @Test
  void headersThatArriveByteByByteAreCut() throws IOException {
    try (Api api = api(10, 10, SHORT, LONG)) {
      // given
      Intruder intruder = intruder(api).send(HALF);

      // when
      Api.eventually().until(() -> intruder.isCutWhileSending("x"));

      // then
      assertThat(intruder.received()).isEmpty();
      assertThat(api.metric(LATE)).isEqualTo(1);
    }
  }

  @Test
  void theNextRequestOnAConnectionIsCutAsWell() throws IOException {
    try (Api api = api(10, 10, SHORT, LONG)) {
      // given
      Intruder intruder = intruder(api).send(HALF + "\n\n");
      Api.eventually().until(() -> !intruder.isCut() && intruder.received().endsWith("hello\n"));

      // when
      Api.eventually().until(() -> intruder.isCutWhileSending("G"));

      // then
      assertThat(api.metric(LATE)).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/mstc/worker", "/mstc/worker/execute", "/nothing"})
  void aBodyThatArrivesByteByByteIs408(String path) throws IOException {
    try (Api api = api(10, 10, SHORT, LONG)) {
      // given
      Intruder intruder =
          intruder(api)
              .send("POST " + path + " HTTP/1.1\nHost: localhost\nContent-Length: 100000\n\n");

      // when
      Api.eventually().until(() -> intruder.isCutWhileSending("{"));

      // then
      assertThat(intruder.received()).matches("(?s)(HTTP/1.1 408 .*Connection: close.*)?");
      assertThat(api.metric(LATE)).isGreaterThanOrEqualTo(1);
      assertThat(api.runtime.jobs()).isEmpty();
    }
  }

  @Test
  void aBodyThatStopsArrivingIs408() throws IOException {
    try (Api api = api(10, 10, SHORT, LONG)) {
      // when
      Intruder intruder =
          intruder(api).send("POST /x HTTP/1.1\nHost: localhost\nContent-Length: 10\n\n{");

      // then
      Api.eventually().until(intruder::isCut);
      assertThat(intruder.received()).startsWith("HTTP/1.1 408 ").contains("Connection: close");
    }
  }

  @Test
  void aConnectionWithoutRequestsIsClosed() throws IOException {
    try (Api api = api(10, 10, LONG, SHORT)) {
      // when
      Intruder intruder = intruder(api).send(HALF + "\n\n");

      // then
      Api.eventually().until(intruder::isCut);
      assertThat(intruder.received()).startsWith("HTTP/1.1 200 ").endsWith("hello\n");
    }
  }

  @Test
  void aRequestThatHasArrivedMayTakeLongerThanAnyLimit() throws IOException {
    try (Api api = api(10, 10, SHORT, SHORT)) {
      // given
      CompletableFuture<HttpResponse<String>> response = api.begin(api.execute(Api.REQUEST));
      UniqueName job = api.awaitJob();
      for (int i = 0; i < 3; i++) {
        Intruder later = intruder(api).send(HALF);
        Api.eventually().until(() -> later.isCutWhileSending("x"));
      }

      // when
      api.succeed(job);

      // then
      assertThat(response.join().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void thoseWhoSendNothingGiveWayToThoseWhoDo() throws IOException {
    try (Api api = api(5, 5, LONG, LONG)) {
      // when
      for (int i = 0; i < 20; i++) {
        intruder(api).send(HALF);
      }

      // then
      Api.eventually().until(() -> cut() >= 15);
      assertThat(api.get("/mstc/worker").statusCode()).isEqualTo(200);
      assertThat(api.metric(CONNECTIONS)).isLessThanOrEqualTo(5);
      assertThat(api.metric(CROWDED)).isGreaterThanOrEqualTo(15);
      assertThat(cut()).isLessThan(20);
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "127.0.0.2 is an address of this machine")
  void oneAddressTakesNoConnectionsOfOthers() throws IOException {
    try (Api api = api(100, 5, LONG, LONG)) {
      // given
      Intruder other = intruder("127.0.0.2", api).send(HALF);

      // when
      for (int i = 0; i < 20; i++) {
        intruder(api).send(HALF);
      }

      // then
      Api.eventually().until(() -> cut() >= 15);
      assertThat(other.isCut()).isFalse();
      assertThat(api.metric(CONNECTIONS)).isLessThanOrEqualTo(6);
      assertThat(other.send("\n\n").isCut()).isFalse();
      Api.eventually().until(() -> !other.isCut() && other.received().endsWith("hello\n"));
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "127.0.0.2 is an address of this machine")
  void manyAddressesTakeNoMoreConnectionsThanThereAreForAll() throws IOException {
    try (Api api = api(5, 3, LONG, LONG)) {
      // when
      for (int i = 2; i < 12; i++) {
        intruder("127.0.0." + i, api).send(HALF);
      }

      // then
      Api.eventually().until(() -> cut() >= 5);
      assertThat(api.get("/mstc/worker").statusCode()).isEqualTo(200);
      assertThat(api.metric(CONNECTIONS)).isLessThanOrEqualTo(5);
    }
  }

  @Test
  void aRequestInProgressGivesWayToNobody() throws IOException {
    try (Api api = api(2, 2, LONG, LONG)) {
      // given
      CompletableFuture<HttpResponse<String>> first = api.begin(api.execute(Api.REQUEST));
      api.awaitJob();
      CompletableFuture<HttpResponse<String>> second = api.begin(api.execute(Api.REQUEST));
      List<UniqueName> jobs = api.awaitJobs(2);

      // when
      for (int i = 0; i < 10; i++) {
        intruder(api).send(HALF);
      }

      // then
      Api.eventually().until(() -> cut() == 10);
      jobs.forEach(api::succeed);
      assertThat(first.join().statusCode()).isEqualTo(200);
      assertThat(second.join().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aClientThatHangsUpIsNoLongerWaitedFor() throws IOException {
    try (Api api = api(10, 10, LONG, LONG)) {
      // given
      Intruder client =
          intruder(api)
              .send("POST /mstc/worker/execute HTTP/1.1\nHost: localhost\n")
              .send("Content-Length: %d\n\n%s".formatted(Api.REQUEST.length(), Api.REQUEST));
      UniqueName job = api.awaitJob();
      // This one's own request counts as well.
      Api.eventually().until(() -> api.metric(IN_PROGRESS) == 2);

      // when
      client.close();

      // then
      Api.eventually().until(() -> api.metric(IN_PROGRESS) == 1);
      assertThat(api.started()).containsExactly(job);
    }
  }

  @Test
  void aFloodLeavesNothingBehind() throws IOException {
    try (Api api = api(50, 50, SHORT, LONG)) {
      // given
      api.get("/mstc/worker");

      // when
      List<String> responses = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        intruder(api).send(i % 2 == 0 ? HALF : HALF + "x".repeat(350_000));
        if (i % 30 == 0) {
          HttpResponse<String> response = api.get("/mstc/worker");
          responses.add(response.statusCode() + " " + response.body());
        }
      }

      // then
      assertThat(responses).hasSize(10).allMatch(response -> response.startsWith("200 "));
      Api.eventually().until(() -> cut() == 300);
      Api.eventually().until(() -> api.metric(CONNECTIONS) == 1);
      assertThat(api.metric(LATE) + api.metric(CROWDED)).isGreaterThan(0);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 1024, PT1S, PT1S, 1",
    "1, 0, 1024, PT1S, PT1S, 1",
    "1, 2, 1024, PT1S, PT1S, 1",
    "1, 1, 1023, PT1S, PT1S, 1",
    "1, 1, 1024, PT0S, PT1S, 1",
    "1, 1, 1024, PT1S, PT0S, 1",
    "1, 1, 1024, PT1S, PT1S, 0"
  })
  void limitsThatCannotBeMeantAreRefused(
      int connections,
      int perAddress,
      int headerBytes,
      Duration arrival,
      Duration idle,
      int streams) {
    assertThatThrownBy(
            () -> new Limits(connections, perAddress, headerBytes, arrival, idle, streams))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
