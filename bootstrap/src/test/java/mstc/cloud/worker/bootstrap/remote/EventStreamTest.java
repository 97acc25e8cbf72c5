package mstc.cloud.worker.bootstrap.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EventStreamTest {

  private static EventStream stream(String text) {
    InputStream source = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    return new EventStream(source, "http://worker");
  }

  @Test
  void eventsComeWithTheirNamesDataAndIds() {
    // given
    String text =
        """
        :

        event: log
        id: 7
        data: {"text": "größe"}

        data:first
        data: second
        later: field

        event: nothing

        event: end
        data: null

        event: cut
        data: of
        """;

    try (EventStream events = stream(text)) {
      // then
      assertThat(events.next())
          .contains(new Event("log", "{\"text\": \"größe\"}", Optional.of("7")));
      assertThat(events.next()).contains(new Event("message", "first\nsecond", Optional.empty()));
      assertThat(events.next()).contains(new Event("end", "null", Optional.empty()));
      assertThat(events.next()).isEmpty();
    }
  }

  @Test
  void aStreamThatIsSilentForLongBreaksOff() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
        EventStream events =
            new EventStream(client.getInputStream(), "http://worker", Duration.ofMillis(50))) {
      assertThatThrownBy(events::next)
          .isInstanceOfSatisfying(
              WorkerApiException.class, e -> assertThat(e.isRetryable()).isTrue())
          .hasMessageContaining("http://worker has been silent");
    }
  }
}
