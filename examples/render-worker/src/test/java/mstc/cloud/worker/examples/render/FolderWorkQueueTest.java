package mstc.cloud.worker.examples.render;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ParsedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FolderWorkQueueTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final Disposition ACKNOWLEDGE = new Disposition.Acknowledge();

  @TempDir private Path folder;
  private final List<FolderWorkQueue> queues = new ArrayList<>();
  private final Queue<Delivery> delivered = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void createRequests() throws IOException {
    Files.createDirectories(folder.resolve("requests"));
  }

  @AfterEach
  void close() {
    queues.forEach(FolderWorkQueue::close);
  }

  private FolderWorkQueue open(String worker, DeliveryHandler handler) {
    FolderWorkQueue queue =
        new FolderWorkQueue(folder, folder.resolve(worker), new FrameFormat()::read);
    queues.add(queue);
    queue.open(handler);
    return queue;
  }

  private DeliveryHandler settlingAs(Disposition disposition) {
    return (delivery, handling) -> {
      delivered.add(delivery);
      return disposition;
    };
  }

  private Path send(String id) throws IOException {
    Path file = folder.resolve(id + ".json");
    Files.writeString(
        file,
        """
        {"scene": "rings", "firstFrame": 1, "lastFrame": 2, "outputBucket": "films"}
        """);
    return Files.move(file, folder.resolve("requests").resolve(id + ".json"));
  }

  private List<Path> files(String name) throws IOException {
    try (var files = Files.list(folder.resolve(name))) {
      return files.map(Path::getFileName).sorted().toList();
    }
  }

  private static void awaitUninterruptibly(CountDownLatch done) {
    try {
      done.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<String> ids() {
    return delivered.stream().map(delivery -> delivery.messageId().orElseThrow()).toList();
  }

  @Test
  void aFileIsDeliveredOnceItIsDemandedAndGoneOnceItIsAcknowledged() throws Exception {
    // given
    send("film");
    FolderWorkQueue queue = open("worker", settlingAs(ACKNOWLEDGE));
    assertThat(delivered).isEmpty();

    // when
    queue.demand(1);

    // then
    await().atMost(PATIENCE).until(() -> delivered.size() == 1);
    Delivery delivery = delivered.element();
    assertThat(delivery.messageId()).contains("film");
    assertThat(delivery.replyAddress()).contains(new ReplyAddress("film", Optional.empty()));
    assertThat(delivery.request())
        .isInstanceOfSatisfying(
            ParsedRequest.Valid.class,
            valid ->
                assertThat(valid.work().description())
                    .isEqualTo("image render-worker:1, timeout 60 min"));
    await().atMost(PATIENCE).until(() -> files("worker").isEmpty());
    assertThat(files("requests")).isEmpty();
  }

  @Test
  void twoWorkersDoNotTakeOneFile() throws Exception {
    // given
    List<String> sent = IntStream.range(100, 300).mapToObj(Integer::toString).toList();
    for (String id : sent) {
      send(id);
    }

    // when
    open("one", settlingAs(ACKNOWLEDGE)).demand(3);
    open("other", settlingAs(ACKNOWLEDGE)).demand(3);

    // then
    await()
        .atMost(PATIENCE)
        .until(() -> delivered.size() >= sent.size() && files("requests").isEmpty());
    await().atMost(PATIENCE).until(() -> files("one").isEmpty() && files("other").isEmpty());
    assertThat(ids()).containsExactlyInAnyOrderElementsOf(sent);
  }

  @Test
  void noMoreThanTheDemandIsInHandAndTheOldestComesFirst() throws Exception {
    // given
    FileTime earlier = FileTime.from(Instant.now().minusSeconds(60));
    send("a-new");
    Files.setLastModifiedTime(send("b-old"), earlier);
    CountDownLatch done = new CountDownLatch(1);
    FolderWorkQueue queue =
        open(
            "worker",
            (delivery, handling) -> {
              delivered.add(delivery);
              awaitUninterruptibly(done);
              return ACKNOWLEDGE;
            });

    // when
    queue.demand(1);

    // then
    await().atMost(PATIENCE).until(() -> delivered.size() == 1);
    assertThat(files("requests")).containsExactly(Path.of("a-new.json"));
    done.countDown();
    await().atMost(PATIENCE).until(() -> delivered.size() == 2);
    assertThat(ids()).containsExactly("b-old", "a-new");
  }

  @Test
  void whatIsPostponedComesAgainAfterWhatWaits() throws Exception {
    // given
    FileTime earlier = FileTime.from(Instant.now().minusSeconds(60));
    Files.setLastModifiedTime(send("first"), earlier);
    send("second");
    FolderWorkQueue queue =
        open(
            "worker",
            (delivery, handling) -> {
              delivered.add(delivery);
              boolean isFirst = delivered.size() == 1;
              return isFirst ? new Disposition.Postpone() : ACKNOWLEDGE;
            });

    // when
    queue.demand(1);

    // then
    await().atMost(PATIENCE).until(() -> delivered.size() == 3);
    assertThat(ids()).containsExactly("first", "second", "first");
  }

  @Test
  void whatIsNoRequestIsKeptWithTheReason() throws Exception {
    // given
    Files.writeString(folder.resolve("requests").resolve("film.json"), "{\"scene\": \"A b\"}");
    FolderWorkQueue queue =
        open(
            "worker",
            (delivery, handling) -> {
              delivered.add(delivery);
              return new Disposition.DeadLetter("no scene");
            });

    // when
    queue.demand(1);

    // then
    await()
        .atMost(PATIENCE)
        .until(() -> files("rejected").size() == 2 && files("worker").isEmpty());
    assertThat(folder.resolve("rejected").resolve("film.json.reason")).hasContent("no scene");
    assertThat(delivered.element().request())
        .isInstanceOfSatisfying(
            ParsedRequest.Unreadable.class,
            unreadable -> assertThat(unreadable.reason()).contains("\"A b\" must be a DNS label"));
  }

  @Test
  void whatAWorkerHadClaimedIsDeliveredAgainAtItsNextStart() throws Exception {
    // given
    send("film");
    FolderWorkQueue queue =
        open(
            "worker",
            (delivery, handling) -> {
              assertThat(handling.isVoid()).isFalse();
              close();
              assertThat(handling.isVoid()).isTrue();
              delivered.add(delivery);
              return ACKNOWLEDGE;
            });
    queue.demand(1);
    await().atMost(PATIENCE).until(() -> delivered.size() == 1);
    assertThat(files("worker")).containsExactly(Path.of("film.json"));

    // when
    open("worker", settlingAs(ACKNOWLEDGE)).demand(1);

    // then
    await().atMost(PATIENCE).until(() -> delivered.size() == 2);
    await().atMost(PATIENCE).until(() -> files("worker").isEmpty());
  }

  @Test
  void aReplyIsAFileOfTheSameName() throws Exception {
    // given
    FolderWorkQueue queue = open("worker", settlingAs(ACKNOWLEDGE));

    // when
    ReplyReceipt receipt =
        queue.reply(new ReplyAddress("film", Optional.empty()), Reply.invalid("no scene"));

    // then
    assertThat(receipt).isEqualTo(ReplyReceipt.CONFIRMED);
    assertThat(files("replies")).containsExactly(Path.of("film.json"));
    assertThat(folder.resolve("replies").resolve("film.json"))
        .content()
        .contains("\"result\":\"Invalid request: no scene\"");
  }
}
