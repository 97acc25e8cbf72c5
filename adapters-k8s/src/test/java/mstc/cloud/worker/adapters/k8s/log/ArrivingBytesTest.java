package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.http.AsyncBody;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ArrivingBytesTest {
  private final ArrivingBytes bytes = new ArrivingBytes();
  private final Body body = new Body();

  /** Brings what it has been given, a piece whenever it is asked, at once. */
  private final class Body implements AsyncBody {
    private final Queue<String> pieces = new ArrayDeque<>();
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private int asked;

    Body of(String... texts) {
      pieces.addAll(List.of(texts));
      return this;
    }

    @Override
    public void consume() {
      asked++;
      if (!pieces.isEmpty()) {
        bytes.consume(List.of(ByteBuffer.wrap(pieces.remove().getBytes(UTF_8))), this);
      }
      if (pieces.isEmpty()) {
        done.complete(null);
      }
    }

    @Override
    public CompletableFuture<Void> done() {
      return done;
    }

    @Override
    public void cancel() {
      done.cancel(false);
    }
  }

  @Test
  void whatComesAtOnceIsReadBeforeTheEnd() throws IOException {
    // given
    bytes.begin(body.of("one", "two"));

    // when
    byte[] read = bytes.readNBytes(100, Duration.ofMinutes(1));

    // then
    assertThat(read).asString(UTF_8).isEqualTo("onetwo");
    assertThat(bytes.read(new byte[8])).isEqualTo(-1);
  }

  @Test
  void nothingIsAskedForThatNobodyReads() throws IOException {
    // given
    bytes.begin(body.of("one", "two", "three"));
    int before = body.asked;

    // when
    byte[] read = new byte[3];
    int count = bytes.read(read);

    // then
    assertThat(before).isZero();
    assertThat(count).isEqualTo(3);
    assertThat(read).asString(UTF_8).isEqualTo("one");
    assertThat(body.pieces).contains("three");
  }

  @Test
  void aStreamThatBrokeOffHasNoEnd() {
    // given
    bytes.begin(body);
    body.done.completeExceptionally(new IOException("reset"));

    // then
    assertThatThrownBy(() -> bytes.read(new byte[8]))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("reset");
  }

  @Test
  void beforeTheResponseBeginsThereIsNothing() throws IOException {
    // when
    int count = bytes.read(new byte[8]);
    bytes.close();

    // then
    assertThat(count).isZero();
  }

  @Test
  void aPieceThatIsTooLongForOneReadIsReadOn() throws IOException {
    // given
    bytes.begin(body.of("abcde"));
    byte[] read = new byte[3];

    // when
    int first = bytes.read(read);
    int second = bytes.read(read);

    // then
    assertThat(first).isEqualTo(3);
    assertThat(second).isEqualTo(2);
    assertThat(read).asString(UTF_8).isEqualTo("dec");
  }

  @Test
  void noMoreIsReadThanIsAskedFor() throws IOException {
    // given
    bytes.begin(body.of("abc", "def"));

    // when
    byte[] read = bytes.readNBytes(4, Duration.ofMinutes(1));

    // then
    assertThat(read).asString(UTF_8).isEqualTo("abcd");
  }

  @Test
  void aRestThatDoesNotComeIsNotWaitedForForEver() {
    // given
    bytes.begin(new Silent());

    // when, then
    assertThatThrownBy(() -> bytes.readNBytes(4, Duration.ofMillis(1)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the rest of a response did not come within");
  }

  @Test
  void whoIsInterruptedWaitsForNoRest() {
    // given
    bytes.begin(new Silent());
    Thread.currentThread().interrupt();

    // when, then
    assertThatThrownBy(() -> bytes.readNBytes(4, Duration.ofMinutes(1)))
        .isInstanceOf(InterruptedIOException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void whoWaitsIsToldOfBytesAndOfTheEnd() {
    // given
    AtomicInteger calls = new AtomicInteger();
    bytes.onArrival(calls::incrementAndGet);
    bytes.begin(body);

    // when
    bytes.consume(List.of(ByteBuffer.wrap(new byte[1])), body);
    int afterBytes = calls.get();
    body.done.complete(null);

    // then
    assertThat(afterBytes).isEqualTo(1);
    assertThat(calls).hasValue(2);
  }

  @Test
  void closingEndsTheResponse() {
    // given
    bytes.begin(body);

    // when
    bytes.close();

    // then
    assertThat(body.done).isCancelled();
  }

  /** Brings nothing, and does not end. */
  private static final class Silent implements AsyncBody {
    @Override
    public void consume() {
      // Nothing comes.
    }

    @Override
    public CompletableFuture<Void> done() {
      return new CompletableFuture<>();
    }

    @Override
    public void cancel() {
      // Nothing is open.
    }
  }
}
