package mstc.cloud.worker.adapters.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.content.AsyncContent;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;

class RequestBodyTest {
  private static final int KEPT = 100;

  private final AsyncContent body = new AsyncContent();

  private void arrives(String part, boolean isLast) {
    body.write(isLast, BufferUtil.toBuffer(part), Callback.NOOP);
  }

  private static long over() {
    return System.nanoTime() - 1;
  }

  private static long inAnHour() {
    return System.nanoTime() + TimeUnit.HOURS.toNanos(1);
  }

  @Test
  void isReadToItsEnd() throws Exception {
    // given
    arrives("one ", false);
    arrives("two", true);

    // when
    byte[] bytes = RequestBody.read(body, KEPT, inAnHour());

    // then
    assertThat(bytes).asString(US_ASCII).isEqualTo("one two");
  }

  @Test
  void whatIsTooLongIsReadAndDiscarded() throws Exception {
    // given
    arrives("one ", false);
    arrives("two", true);

    // when
    byte[] bytes = RequestBody.read(body, 5, inAnHour());

    // then
    assertThat(bytes).asString(US_ASCII).isEqualTo("one t");
    assertThat(body.read()).isSameAs(Content.Chunk.EOF);
  }

  /** As on a machine with so much to do that the thread which reads it is late. */
  @Test
  void whatHasArrivedIsReadAfterTheDeadlineToo() throws Exception {
    // given
    arrives("one ", false);
    arrives("two", true);

    // when
    byte[] bytes = RequestBody.read(body, KEPT, over());

    // then
    assertThat(bytes).asString(US_ASCII).isEqualTo("one two");
  }

  @Test
  void whatHasNotArrivedByTheDeadlineIsLate() {
    // given
    arrives("one ", false);

    // when, then
    assertThatThrownBy(() -> RequestBody.read(body, KEPT, over()))
        .isInstanceOf(RequestBody.LateException.class);
  }

  @Test
  void whatBreaksOffIsNoBody() {
    // given
    IOException gone = new IOException("the client is gone");
    arrives("one ", false);
    body.fail(gone);

    // when, then
    assertThatThrownBy(() -> RequestBody.read(body, KEPT, inAnHour()))
        .isInstanceOf(RequestBody.BrokenException.class)
        .hasRootCause(gone);
  }
}
