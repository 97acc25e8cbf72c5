package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of the page; those of this test are beside the page's own. */
@Timeout(60)
class StaticFilesTest {
  private final Api api = new Api();

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void aFileIsServedAsItIsAndMayLoadNothingFromElsewhere() {
    // when
    HttpResponse<String> response = api.get("/parts/sample.js");

    // then
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("export const sample = 1;\n");
    assertThat(response.headers().firstValue("Content-Type"))
        .contains("text/javascript; charset=utf-8");
    assertThat(response.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
    assertThat(response.headers().firstValue("Content-Security-Policy").orElse(""))
        .startsWith("default-src 'none'; script-src 'self';")
        .doesNotContain("unsafe");
  }

  @Test
  void aFileThatTheBrowserHasIsNotSentAgain() {
    // given
    String tag = api.get("/parts/sample.js").headers().firstValue("ETag").orElseThrow();

    // when
    HttpResponse<String> same =
        api.send(api.to("/parts/sample.js").header("If-None-Match", "\"other\", " + tag));
    HttpResponse<String> other =
        api.send(api.to("/parts/sample.js").header("If-None-Match", "\"other\""));

    // then
    assertThat(same.statusCode()).isEqualTo(304);
    assertThat(same.body()).isEmpty();
    assertThat(same.headers().firstValue("ETag")).contains(tag);
    assertThat(other.statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/parts",
        "/parts/",
        "/parts/missing.js",
        "/parts/hidden.sh",
        "/parts/../StaticFiles.class",
        "/openapi.yaml",
        "/.hidden.js"
      })
  void nothingElseIsServed(String path) {
    assertThat(api.get(path).statusCode()).isEqualTo(404);
  }

  @Test
  void aFileIsOnlyRead() {
    assertThat(api.post("/parts/sample.js", "").statusCode()).isEqualTo(405);
  }
}
