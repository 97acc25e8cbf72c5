package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Optional;
import mstc.cloud.worker.domain.job.UniqueName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may run work; an invalid request that is answered 400 was let in. */
@Timeout(60)
class AccessTest {
  private static final String INVALID = "{}";
  private static final Optional<String> TOKEN = Optional.of("s3cret");
  private static final String POST = "POST /mstc/worker/execute HTTP/1.1\n";

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "localhost:8080", "LocalHost", "127.0.0.1:1", "[::1]:80"})
  void onLoopbackWhoeverCallsItByItsNameIsLetIn(String host) throws IOException {
    try (Api api = new Api()) {
      // when
      String response = api.raw(POST + "Host: " + host + "\n", INVALID);

      // then
      assertThat(response).startsWith("HTTP/1.1 400 ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:localhost",
        "localhost:80@evil.example",
        "10.0.0.1",
        ""
      })
  void onLoopbackADnsNameThatWasPointedHereIsDenied(String host) throws IOException {
    try (Api api = new Api()) {
      // when
      String response = api.raw(POST + "Host: " + host + "\n", Api.REQUEST);

      // then
      assertThat(response).startsWith("HTTP/1.1 4").doesNotContain("Invalid request");
      assertThat(api.runtime.jobs()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://evil.example",
        "http://localhost",
        "http://localhost:81",
        "http://localhost:8080.evil.example",
        "null",
        "not a uri %"
      })
  void onLoopbackAPageOfAnotherOriginIsDenied(String origin) throws IOException {
    try (Api api = new Api()) {
      // when
      String response =
          api.raw(POST + "Host: localhost:8080\nOrigin: " + origin + "\n", Api.REQUEST);

      // then
      assertThat(response).startsWith("HTTP/1.1 403 ");
      assertThat(api.runtime.jobs()).isEmpty();
    }
  }

  @Test
  void onLoopbackAPageOfThisOriginIsLetIn() throws IOException {
    try (Api api = new Api()) {
      // when
      String response =
          api.raw(POST + "Host: localhost:8080\nOrigin: http://localhost:8080\n", INVALID);

      // then
      assertThat(response).startsWith("HTTP/1.1 400 ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cross-site", "same-site", "another", ""})
  void aPageOfAnotherSiteIsDeniedWhateverItsOrigin(String site) throws IOException {
    try (Api api = new Api("127.0.0.1", TOKEN)) {
      // when
      String response =
          api.raw(
              POST
                  + "Host: localhost\nOrigin: http://localhost\nAuthorization: Bearer s3cret\n"
                  + "Sec-Fetch-Site: "
                  + site
                  + "\n",
              Api.REQUEST);

      // then
      assertThat(response).startsWith("HTTP/1.1 403 ");
      assertThat(api.runtime.jobs()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"same-origin", "none"})
  void aPageOfThisServerIsLetInAlthoughAProxyChangedTheHost(String site) throws IOException {
    try (Api api = new Api("127.0.0.1", TOKEN)) {
      // when
      String response =
          api.raw(
              POST
                  + "Host: worker:8080\nOrigin: https://jobs.example\nAuthorization: Bearer s3cret\n"
                  + "Sec-Fetch-Site: "
                  + site
                  + "\n",
              INVALID);

      // then
      assertThat(response).startsWith("HTTP/1.1 400 ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Origin: http://localhost\nOrigin: https://evil.example\n",
        "Sec-Fetch-Site: same-origin\nSec-Fetch-Site: cross-site\n"
      })
  void aPageThatIsOfThisServerAndAlsoOfAnotherIsDenied(String origins) throws IOException {
    try (Api api = new Api()) {
      // when
      String response = api.raw(POST + "Host: localhost\n" + origins, Api.REQUEST);

      // then
      assertThat(response).startsWith("HTTP/1.1 403 ");
      assertThat(api.runtime.jobs()).isEmpty();
    }
  }

  @Test
  void aPageOfAnotherSiteDoesNotCancel() {
    try (Api api = new Api()) {
      // given
      var waiting = api.begin(api.execute(Api.REQUEST));
      UniqueName job = api.awaitJob();

      // when
      HttpResponse<String> response =
          api.send(api.to("/mstc/jobs/" + job).header("Sec-Fetch-Site", "cross-site").DELETE());

      // then
      assertThat(response.statusCode()).isEqualTo(403);
      api.succeed(job);
      assertThat(waiting.join().body()).contains("SUCCEEDED");
    }
  }

  @ParameterizedTest
  @CsvSource({"Sec-Fetch-Site, cross-site", "Origin, http://elsewhere.example"})
  void aPageOfAnotherSiteDoesNotCancelManyAtOnce(String header, String value) {
    try (Api api = new Api()) {
      // given
      var waiting = api.begin(api.execute(Api.REQUEST));
      UniqueName job = api.awaitJob();

      // when
      HttpResponse<String> response =
          api.send(
              api.to("/mstc/jobs:cancel")
                  .header(header, value)
                  .header("Content-Type", "application/json")
                  .POST(BodyPublishers.ofString("{\"name\": \"*\"}")));

      // then
      assertThat(response.statusCode()).isEqualTo(403);
      api.succeed(job);
      assertThat(waiting.join().body()).contains("SUCCEEDED");
    }
  }

  @Test
  void whatChangesNothingIsForPagesOfAnySite() {
    try (Api api = new Api()) {
      // when
      HttpResponse<String> response =
          api.send(api.to("/mstc/worker").header("Sec-Fetch-Site", "cross-site"));

      // then
      assertThat(response.statusCode()).isEqualTo(200);
    }
  }

  @Test
  void theTokenStandsForAnyHost() throws IOException {
    try (Api api = new Api("127.0.0.1", TOKEN)) {
      // when
      String response =
          api.raw(POST + "Host: proxy.example\nAuthorization: Bearer s3cret\n", INVALID);

      // then
      assertThat(response).startsWith("HTTP/1.1 400 ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Authorization: Bearer wrong\n"})
  void onLoopbackAConfiguredTokenIsDemanded(String authorization) throws IOException {
    try (Api api = new Api("127.0.0.1", TOKEN)) {
      // when
      String response = api.raw(POST + "Host: localhost\n" + authorization, Api.REQUEST);

      // then
      assertThat(response).startsWith("HTTP/1.1 401 ").contains("WWW-Authenticate: Bearer");
      assertThat(api.runtime.jobs()).isEmpty();
    }
  }

  @Test
  void beyondLoopbackTheTokenLetsIn() {
    try (Api api = new Api("0.0.0.0", TOKEN)) {
      // when
      HttpResponse<String> response =
          api.send(api.execute(INVALID).header("Authorization", "Bearer s3cret"));
      HttpResponse<String> lowerCase =
          api.send(api.execute(INVALID).header("Authorization", "bearer s3cret"));

      // then
      assertThat(response.statusCode()).isEqualTo(400);
      assertThat(lowerCase.statusCode()).isEqualTo(400);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer wrong",
        "Bearer s3cretX",
        "Bearer s3cre",
        "Bearer",
        "Bearer ",
        "s3cret",
        "Basic s3cret"
      })
  void beyondLoopbackAWrongTokenIs401(String authorization) {
    try (Api api = new Api("0.0.0.0", TOKEN)) {
      // when
      HttpResponse<String> response =
          api.send(api.execute(Api.REQUEST).header("Authorization", authorization));

      // then
      assertThat(response.statusCode()).isEqualTo(401);
      assertThat(response.headers().firstValue("WWW-Authenticate")).contains("Bearer");
      assertThat(api.runtime.jobs()).isEmpty();
    }
  }

  @Test
  void beyondLoopbackNoTokenIs401ThoughTheClientIsOnThisMachine() {
    try (Api api = new Api("0.0.0.0", TOKEN)) {
      // when
      HttpResponse<String> response = api.send(api.execute(Api.REQUEST));

      // then
      assertThat(response.statusCode()).isEqualTo(401);
      assertThat(api.runtime.jobs()).isEmpty();
    }
  }

  @Test
  void beyondLoopbackNobodyCancelsWithoutTheToken() {
    try (Api api = new Api("0.0.0.0", TOKEN)) {
      // given
      var waiting = api.begin(api.execute(Api.REQUEST).header("Authorization", "Bearer s3cret"));
      UniqueName job = api.awaitJob();

      // when
      HttpResponse<String> response = api.send(api.to("/mstc/jobs/" + job).DELETE());

      // then
      assertThat(response.statusCode()).isEqualTo(401);
      assertThat(api.started()).containsExactly(job);
      api.succeed(job);
      assertThat(waiting.join().body()).contains("SUCCEEDED");
    }
  }

  @Test
  void beyondLoopbackWithoutATokenConfiguredNobodyIsLetIn() {
    try (Api api = new Api("0.0.0.0", Optional.empty())) {
      // when
      HttpResponse<String> response =
          api.send(api.execute(Api.REQUEST).header("Authorization", "Bearer "));

      // then
      assertThat(response.statusCode()).isEqualTo(403);
      assertThat(response.body()).contains("mstc.http.token");
      assertThat(api.runtime.jobs()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"/mstc/worker", "/health/live", "/health/ready", "/metrics"})
  void beyondLoopbackHelloHealthAndMetricsWantNoToken(String path) {
    try (Api api = new Api("0.0.0.0", TOKEN)) {
      // when
      HttpResponse<String> response = api.get(path);

      // then
      assertThat(response.statusCode()).isEqualTo(200);
    }
  }
}
