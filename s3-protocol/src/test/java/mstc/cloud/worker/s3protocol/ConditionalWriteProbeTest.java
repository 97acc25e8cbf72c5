package mstc.cloud.worker.s3protocol;

import static mstc.cloud.worker.s3protocol.InMemoryRequests.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is found out about a server's conditional writes. */
class ConditionalWriteProbeTest {
  private static final BucketName BUCKET = new BucketName("logs");

  private final InMemoryRequests server = new InMemoryRequests();
  private final ObjectStore store = new StoreOverRequests(server, true);

  @AfterEach
  void nothingIsLeft() {
    assertThat(store.list(BUCKET, "")).isEmpty();
  }

  @Test
  void aServerThatHonoursTheConditionIsAskedOnce() {
    // given
    new InMemoryRequests(server).createBucket(BUCKET);

    // when
    Optional<String> first = store.shortcoming(BUCKET);
    Optional<String> second = store.shortcoming(new BucketName("others"));

    // then
    assertThat(first).isEmpty();
    assertThat(second).isEmpty();
    assertThat(server.made())
        .containsExactly("putObject if absent", "putObject if absent", "deleteObject");
  }

  @Test
  void aServerThatIgnoresTheConditionIsNamed() {
    // given
    new InMemoryRequests(server).createBucket(BUCKET);
    server.ignoreConditions();

    // when
    Optional<String> first = store.shortcoming(BUCKET);
    Optional<String> second = store.shortcoming(BUCKET);

    // then
    assertThat(first)
        .hasValueSatisfying(
            it -> assertThat(it).contains("ignores If-None-Match").doesNotContain("\n"));
    assertThat(second).isEqualTo(first);
    assertThat(server.made())
        .containsExactly(
            "putObject if absent",
            "putObject if absent",
            "putObject if absent",
            "putObject if absent",
            "putObject if absent",
            "deleteObject");
  }

  @Test
  void aMissingBucketIsNotCreatedAndTellsNothing() {
    // given
    server.ignoreConditions();

    // when
    Optional<String> missing = store.shortcoming(BUCKET);
    new InMemoryRequests(server).createBucket(BUCKET);
    Optional<String> created = store.shortcoming(BUCKET);

    // then
    assertThat(missing).isEmpty();
    assertThat(created).isPresent();
    assertThat(server.made()).doesNotContain("createBucket");
  }

  @Test
  void aServerThatRefusesOrIsAwayTellsNothing() {
    // given
    new InMemoryRequests(server).createBucket(BUCKET);

    // when
    server.fail("putObject if absent", refusal(403, "AccessDenied"));
    Optional<String> refused = store.shortcoming(BUCKET);
    server.fail("putObject if absent", new UncheckedIOException(new ConnectException("refused")));
    Optional<String> away = store.shortcoming(BUCKET);
    server.fail(request -> Optional.empty());
    Optional<String> back = store.shortcoming(BUCKET);

    // then
    assertThat(refused).isEmpty();
    assertThat(away).isEmpty();
    assertThat(back).isEmpty();
    assertThat(server.made()).endsWith("deleteObject");
  }

  @Test
  void whatAWorkerLeftWhenTheStoreWentAwayTheNextOneRemoves() {
    // given
    InMemoryRequests others = new InMemoryRequests(server);
    others.createBucket(BUCKET);
    others.fail("deleteObject", new UncheckedIOException(new ConnectException("refused")));
    new StoreOverRequests(others, true).shortcoming(BUCKET);
    assertThat(store.list(BUCKET, "")).hasSize(1);

    // when
    Optional<String> shortcoming = store.shortcoming(BUCKET);

    // then
    assertThat(shortcoming).isEmpty();
    assertThat(server.made()).endsWith("putObject if absent", "deleteObject");
  }

  @Test
  void aServerThatHonoursTheConditionIsNotNamedThoughOthersRemoveTheObjectMeanwhile() {
    // given
    InMemoryRequests others = new InMemoryRequests(server);
    others.createBucket(BUCKET);
    AtomicInteger writes = new AtomicInteger();
    server.fail(request -> {
      if (request.startsWith("putObject") && writes.incrementAndGet() < 5) {
        others.deleteObject(new ObjectLocation(BUCKET, ".mstc/probe"));
      }
      return Optional.empty();
    });

    // when
    Optional<String> shortcoming = store.shortcoming(BUCKET);

    // then
    assertThat(shortcoming).isEmpty();
    assertThat(writes).hasValue(5);
  }
}
