package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.Handling;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.embedded.BrokerSettings;
import mstc.cloud.worker.embedded.EmbeddedBroker;
import mstc.cloud.worker.testkit.queue.BrokerSide.SentRequest;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What goes wrong between the adapter and any broker. */
@Execution(ExecutionMode.CONCURRENT)
final class FaultsIT extends BrokerFaults {
  /** Notices silence soon. */
  private static final RabbitSettings.Timing QUICK =
      new RabbitSettings.Timing(
          Duration.ofSeconds(1),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofMillis(20),
          Duration.ofMillis(250));

  @Test
  void aConnectionThatFallsSilentIsReplaced() {
    // given
    RabbitWorkQueue queue = connected(broker.settings().withTiming(QUICK), ACKNOWLEDGING);

    // when
    broker.proxy().hold();

    // then
    await().until(() -> !queue.isConnected());
    broker.proxy().cut();
    broker.proxy().flow();
    await().until(queue::isConnected);
  }

  @Test
  void aReplyIntoSilenceFailsAndMayBeRepeated() {
    // given
    RabbitWorkQueue queue = connected(broker.settings().withTiming(QUICK), ACKNOWLEDGING);
    ReplyAddress address = new ReplyAddress(broker.newReplyQueue(), Optional.empty());

    // when
    broker.proxy().hold();

    // then
    assertThatThrownBy(() -> queue.reply(address, Reply.invalid("no")))
        .isInstanceOfSatisfying(
            WorkQueueException.class, it -> assertThat(it.isRetryable()).isTrue());
    broker.proxy().flow();
  }

  @Test
  void closingDoesNotWaitForABrokerThatDoesNotAnswer() throws Exception {
    // given a demand that the broker may take its time for
    RabbitSettings.Timing patient =
        new RabbitSettings.Timing(
            Duration.ofMinutes(2),
            Duration.ofMinutes(2),
            Duration.ofMinutes(2),
            Duration.ofMillis(20),
            Duration.ofMillis(250));
    RabbitWorkQueue queue = connected(broker.settings().withTiming(patient), ACKNOWLEDGING);
    queue.demand(1);
    broker.proxy().hold();
    CompletableFuture<Void> lowered =
        CompletableFuture.runAsync(() -> queue.demand(0), Thread.ofVirtual()::start);

    // when
    CompletableFuture<Void> closed =
        CompletableFuture.runAsync(queue::close, Thread.ofVirtual()::start);

    // then
    closed.get(1, TimeUnit.MINUTES);
    lowered.get(1, TimeUnit.MINUTES);
  }

  /** The broker may have given it to another, and nothing has told so. */
  @Test
  void aDeliveryIsVoidWhereTheBrokerDoesNotAnswerWhetherItIs() throws Exception {
    // given heartbeats too far apart to notice
    RabbitSettings.Timing patient =
        new RabbitSettings.Timing(
            Duration.ofSeconds(10),
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            Duration.ofMillis(20),
            Duration.ofMillis(250));
    BlockingQueue<Handling> handled = new LinkedBlockingQueue<>();
    CountDownLatch over = new CountDownLatch(1);
    connected(
            broker.settings().withTiming(patient),
            (_, handling) -> {
              handled.add(handling);
              awaitQuietly(over);
              return new Disposition.Acknowledge();
            })
        .demand(1);
    broker.publish(SentRequest.of("job"));
    Handling handling = handled.poll(30, TimeUnit.SECONDS);
    assertThat(handling.isVoid()).isFalse();

    // when
    broker.proxy().hold();

    // then it is known for as long as the broker cannot have given it up, then asked
    await().until(handling::isVoid);
    over.countDown();
    broker.proxy().cut();
    broker.proxy().flow();
    Handling again = handled.poll(30, TimeUnit.SECONDS);
    assertThat(again.isVoid()).isFalse();
    assertThat(handling.isVoid()).isTrue();
  }

  @Test
  void aDeliveryThatIsLongInHandIsAskedForAndIsNotVoid() throws Exception {
    // given
    RabbitSettings.Timing calm =
        new RabbitSettings.Timing(
            Duration.ofSeconds(6),
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            Duration.ofMillis(20),
            Duration.ofMillis(250));
    BlockingQueue<Handling> handled = new LinkedBlockingQueue<>();
    CountDownLatch over = new CountDownLatch(1);
    connected(
            broker.settings().withTiming(calm),
            (_, handling) -> {
              handled.add(handling);
              awaitQuietly(over);
              return new Disposition.Acknowledge();
            })
        .demand(1);
    broker.publish(SentRequest.of("job"));
    Handling handling = handled.poll(30, TimeUnit.SECONDS);

    // when
    Instant longAgo = Instant.now().plus(calm.heartbeat());
    await().until(() -> Instant.now().isAfter(longAgo));

    // then
    assertThat(handling.isVoid()).isFalse();
    over.countDown();
    await().until(() -> broker.waiting() == 0);
  }

  @Test
  void deliveriesThatStepAsideOneByOneDoNotUseUpTheChannels() {
    // given
    AtomicInteger handled = new AtomicInteger();
    Set<Handling> waiting = ConcurrentHashMap.newKeySet();
    CountDownLatch over = new CountDownLatch(1);
    RabbitWorkQueue queue =
        connected((delivery, handling) -> {
          if (delivery.correlationId().isEmpty()) {
            handled.incrementAndGet();
            return new Disposition.Acknowledge();
          }
          handling.stepAside();
          waiting.add(handling);
          awaitQuietly(over);
          return new Disposition.Acknowledge();
        });
    queue.demand(1);

    // when more step aside, one after the other, than there are channels for
    for (int i = 0; i < 200; i++) {
      broker.publish(
          new SentRequest(
              Optional.of("waits"), Optional.empty(), Optional.of("c"), Optional.empty()));
    }
    broker.publish(SentRequest.of("job"));

    // then
    await().until(() -> waiting.size() >= 100);
    over.countDown();
    await().until(() -> handled.get() == 1 && broker.waiting() == 0);
    assertThat(waiting).hasSize(200);
    assertThat(queue.isConnected()).isTrue();
  }

  @Test
  void whatIsPostponedPausesAsideHoweverManyThereAre() throws Exception {
    // given pauses that outlast the test
    Map<String, Integer> calls = new ConcurrentHashMap<>();
    try (BareIntake intake =
        new BareIntake(
            broker.settings(),
            broker.settings().names().queue(),
            Duration.ofMinutes(5),
            (delivery, _) -> {
              calls.merge(delivery.correlationId().orElseThrow(), 1, Integer::sum);
              return delivery.correlationId().get().startsWith("stuck")
                  ? new Disposition.Postpone()
                  : new Disposition.Acknowledge();
            })) {
      intake.demand(2);
      for (int i = 0; i < 20; i++) {
        broker.publish(correlated("stuck-" + i));
      }
      await().until(() -> calls.values().stream().filter(it -> it == 2).count() == 20);

      // when
      broker.publish(correlated("good"));

      // then
      await().until(() -> calls.containsKey("good"));
      assertThat(calls.values()).doesNotContain(3);
    }
  }

  @Test
  void whatAFullWorkQueueDoesNotTakeIsPostponedOnceThereIsRoom() throws Exception {
    // given
    String queue = broker.settings().names().queue() + ".full";
    // Qpid counts the message that a consumer has in hand, RabbitMQ does not.
    Map<String, Object> holdsOneMore = new HashMap<>(RabbitBrokerSide.HOLDS_ONE);
    holdsOneMore.put("qpid.max_count", 2);
    broker.onChannel(channel -> channel.queueDeclare(queue, false, false, true, holdsOneMore));
    BlockingQueue<Delivery> handled = new LinkedBlockingQueue<>();
    CountDownLatch full = new CountDownLatch(1);
    try (BareIntake intake =
        new BareIntake(
            broker.settings(),
            queue,
            Duration.ofMillis(1),
            (delivery, _) -> {
              handled.add(delivery);
              awaitQuietly(full);
              return handled.size() == 1
                  ? new Disposition.Postpone()
                  : new Disposition.Acknowledge();
            })) {
      intake.demand(1);
      broker.publishTo(queue, "first");
      Delivery first = handled.poll(30, TimeUnit.SECONDS);
      handled.add(first);
      broker.publishTo(queue, "second");

      // when
      full.countDown();

      // then
      await().until(() -> handled.size() == 3);
      assertThat(handled)
          .extracting(it -> it.correlationId().orElseThrow())
          .containsExactly("first", "second", "first");
      await().until(() -> broker.onChannel(channel -> channel.messageCount(queue)) == 0);
    }
  }

  private static SentRequest correlated(String id) {
    return new SentRequest(Optional.of("job"), Optional.empty(), Optional.of(id), Optional.empty());
  }

  @Test
  void anImpossibleReplyAddressIsRefusedForGoodAndHarmsNoOther() {
    // given
    RabbitWorkQueue queue = connected(ACKNOWLEDGING);
    ReplyAddress impossible = new ReplyAddress("é".repeat(128), Optional.empty());

    // when
    assertThatThrownBy(() -> queue.reply(impossible, Reply.invalid("no")))
        .isInstanceOfSatisfying(
            WorkQueueException.class, it -> assertThat(it.isRetryable()).isFalse());

    // then
    ReplyAddress good = new ReplyAddress(broker.newReplyQueue(), Optional.empty());
    assertThat(queue.reply(good, Reply.invalid("no"))).isEqualTo(ReplyReceipt.CONFIRMED);
  }

  @Test
  void aReplyCarriesWhatClientsMayWantToKnow() {
    // given
    RabbitWorkQueue queue = connected(ACKNOWLEDGING);
    String replyQueue = broker.newReplyQueue();

    // when
    queue.reply(new ReplyAddress(replyQueue, Optional.of("c1")), Reply.invalid("no"));

    // then
    AMQP.BasicProperties properties = broker.drain(replyQueue).getFirst().getProps();
    assertThat(properties.getContentType()).isEqualTo("application/json");
    assertThat(properties.getContentEncoding()).isEqualTo("utf-8");
    assertThat(properties.getDeliveryMode()).isEqualTo(2);
    assertThat(properties.getAppId()).isEqualTo("mstc-cloud-worker");
    assertThat(properties.getTimestamp()).isNotNull();
  }

  @Test
  void aDeadLetterKeepsBodyAndPropertiesButWhatWouldActAgain() {
    // given
    connected((_, _) -> new Disposition.DeadLetter("one reason")).demand(1);
    byte[] body = new byte[3 * 1024 * 1024];
    Arrays.fill(body, (byte) 'x');

    // when
    broker.publish(
        new AMQP.BasicProperties.Builder()
            .messageId("m1")
            .correlationId("c1")
            .replyTo("r1")
            .contentType("text/plain")
            .userId("guest")
            .headers(Map.of("mine", "kept", "CC", List.of("elsewhere")))
            .build(),
        body);

    // then
    String deadQueue = broker.settings().names().deadQueue();
    await().until(() -> !broker.drain(deadQueue).isEmpty());
    GetResponse dead = broker.drain(deadQueue).getFirst();
    assertThat(dead.getBody()).isEqualTo(body);
    AMQP.BasicProperties properties = dead.getProps();
    assertThat(properties.getMessageId()).isEqualTo("m1");
    assertThat(properties.getCorrelationId()).isEqualTo("c1");
    assertThat(properties.getReplyTo()).isEqualTo("r1");
    assertThat(properties.getContentType()).isEqualTo("text/plain");
    assertThat(properties.getUserId()).isNull();
    assertThat(properties.getHeaders()).doesNotContainKey("CC");
    assertThat(properties.getHeaders().get("mine")).hasToString("kept");
    assertThat(properties.getHeaders().get("mstc-reason")).hasToString("one reason");
  }

  @Test
  void aDeletedDeadLetterQueueIsDeclaredAgain() {
    // given
    connected((_, _) -> new Disposition.DeadLetter("one reason")).demand(1);
    broker.onChannel(channel -> channel.queueDelete(broker.settings().names().deadQueue()));

    // when
    broker.publish(SentRequest.of("bad"));

    // then
    await()
        .ignoreException(UncheckedIOException.class)
        .untilAsserted(() -> assertThat(broker.deadMessages()).hasSize(1));
    await().until(() -> broker.waiting() == 0);
  }

  @Test
  void anOversizedRequestIsDeliveredAsUnreadable() throws Exception {
    // given
    BlockingQueue<Delivery> handled = new LinkedBlockingQueue<>();
    connected(
            (delivery, _) -> {
              handled.add(delivery);
              return new Disposition.Acknowledge();
            })
        .demand(1);

    // when
    broker.publish(new AMQP.BasicProperties(), new byte[8 * 1024 * 1024]);

    // then
    Delivery delivery = handled.poll(30, TimeUnit.SECONDS);
    assertThat(delivery).isNotNull();
    assertThat(delivery.request()).isInstanceOf(ParsedRequest.Unreadable.class);
  }

  @Test
  void withAnUnchangedDemandOneConsumerServesAll() {
    // given
    AtomicInteger handled = new AtomicInteger();
    RabbitWorkQueue queue =
        connected((_, _) -> {
          handled.incrementAndGet();
          return new Disposition.Acknowledge();
        });

    // when
    queue.demand(16);
    for (int i = 0; i < 300; i++) {
      broker.publish(SentRequest.of("job-" + i));
    }

    // then
    await().until(() -> handled.get() == 300);
    assertThat(consumers()).isEqualTo(1);
  }

  @Test
  void consumersAreMergedWhileTheDemandGrowsStepByStep() {
    // given
    RabbitWorkQueue queue = connected(ACKNOWLEDGING);

    // when
    for (int demand = 1; demand <= 60; demand++) {
      queue.demand(demand);
    }

    // then
    await().untilAsserted(() -> assertThat(consumers()).isBetween(1L, 16L));
  }

  @Test
  void tlsConnectsToABrokerWhoseAuthorityIsTrusted(@TempDir Path folder) throws Exception {
    // given
    TestAuthority authority = TestAuthority.create(folder, "localhost");
    try (FaultyProxy tls = tlsProxy(authority)) {

      // when
      RabbitWorkQueue queue = opened(tlsSettings(tls, authority.pem(), true), ACKNOWLEDGING);

      // then
      await().until(queue::isConnected);
    }
  }

  @Test
  void aCaCertificateThatCannotBeReadIsToldAtOnce(@TempDir Path folder) {
    // given
    Path missing = folder.resolve("missing.pem");
    RabbitSettings settings =
        broker.settings().withTls(new RabbitSettings.Tls(true, Optional.of(missing), true));

    // then
    assertThatThrownBy(() -> new RabbitWorkQueue(settings, new WorkRequestFormat()))
        .hasMessageContaining("missing.pem");
  }

  @Test
  void aBrokerThatRestartsIsFoundAgainWithItsMessages(@TempDir Path folder) throws Exception {
    // given
    BlockingQueue<Delivery> handled = new LinkedBlockingQueue<>();
    BrokerSettings first =
        new BrokerSettings("127.0.0.1", 0, "guest", "guest", Optional.of(folder));
    EmbeddedBroker before = EmbeddedBroker.start(first);
    int port = before.port();
    RabbitWorkQueue queue =
        opened(
            RabbitSettings.of("127.0.0.1", port, "guest", "guest")
                .withTiming(broker.settings().timing()),
            (delivery, _) -> {
              handled.add(delivery);
              return new Disposition.Acknowledge();
            });
    await().until(queue::isConnected);
    publishPersistent(port);

    // when
    before.close();
    await().until(() -> !queue.isConnected());
    queue.demand(1);
    EmbeddedBroker after =
        EmbeddedBroker.start(
            new BrokerSettings("127.0.0.1", port, "guest", "guest", Optional.of(folder)));

    // then
    assertThat(handled.poll(30, TimeUnit.SECONDS)).isNotNull();
    queue.close();
    after.close();
  }

  private static void publishPersistent(int port) throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setPort(port);
    try (Connection connection = factory.newConnection();
        Channel channel = connection.createChannel()) {
      channel.confirmSelect();
      channel.basicPublish(
          "",
          RabbitSettings.Names.DEFAULT.queue(),
          MessageProperties.PERSISTENT_BASIC,
          RabbitBrokerSide.body("job").getBytes(StandardCharsets.UTF_8));
      channel.waitForConfirmsOrDie(10_000);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private long consumers() {
    String work = broker.settings().names().queue();
    return broker.onChannel(channel -> channel.consumerCount(work));
  }
}
