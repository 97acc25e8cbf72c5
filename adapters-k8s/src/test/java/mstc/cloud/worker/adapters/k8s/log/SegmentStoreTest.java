package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Segments as objects: what is read is what was written, or an error. */
class SegmentStoreTest {
  private static final Job JOB =
      new Job(
          UniqueName.of(new JobName("solve"), new UUID(1, 2)),
          WorkRequest.builder().image("solver").jobName("solve").inputBucket("results").build(),
          List.of());
  private static final LogSegment FIRST = new LogSegment(1, "a", 0, 4, Optional.empty());
  private static final LogSegment SECOND = new LogSegment(2, "a", 4, 8, Optional.of("1.a"));

  @TempDir Path folder;
  private final InMemoryObjectStore objects = InMemoryObjectStore.creatingBuckets();
  private final SegmentStore store = new SegmentStore(objects);
  private final ByteArrayOutputStream read = new ByteArrayOutputStream();

  private void put(LogSegment segment, String content) throws IOException {
    store.put(JOB, "pod", segment, Files.writeString(folder.resolve("segment"), content));
  }

  private static String segment(String mark, String bytes) {
    return new String(SegmentStore.header(mark), UTF_8) + bytes;
  }

  private String read(LogSegment... chain) throws IOException {
    return store.read(JOB, "pod", List.of(chain), read);
  }

  private static boolean isRetryable(Throwable failure) {
    return failure instanceof ObjectStoreException e && e.isRetryable();
  }

  @Test
  void aChainIsReadToItsNewestMark() throws IOException {
    // given
    put(FIRST, segment("mark 1", "one\n"));
    put(SECOND, segment("mark 2\nnaïve gap", "two\n"));

    // when
    String mark = read(FIRST, SECOND);

    // then
    assertThat(mark).isEqualTo("mark 2\nnaïve gap");
    assertThat(read.toString(UTF_8)).isEqualTo("one\ntwo\n");
    assertThat(store.list(JOB)).containsOnlyKeys("pod");
    assertThat(store.list(JOB).get("pod")).containsExactlyInAnyOrder(FIRST, SECOND);
  }

  @Test
  void whatIsDeletedIsNotListed() throws IOException {
    // given
    put(FIRST, segment("mark 1", "one\n"));
    put(SECOND, segment("mark 2", "two\n"));

    // when
    store.delete(JOB, "pod", FIRST);
    List<LogSegment> afterOne = List.copyOf(store.list(JOB).get("pod"));
    store.deleteAll(JOB);

    // then
    assertThat(afterOne).containsExactly(SECOND);
    assertThat(store.list(JOB)).isEmpty();
  }

  @Test
  void aSegmentThatIsGoneOrTooShortMayBeThereLater() throws IOException {
    // given
    put(SECOND, segment("mark 2", "tw"));

    // then
    assertThatThrownBy(() -> read(FIRST))
        .hasMessageEndingWith("has just gone")
        .matches(SegmentStoreTest::isRetryable);
    assertThatThrownBy(() -> read(SECOND))
        .hasMessageEndingWith("has 2 bytes in place of 4")
        .matches(SegmentStoreTest::isRetryable);
  }

  @Test
  void whatIsNoSegmentIsNotReadAsOne() throws IOException {
    // given
    put(FIRST, "one\n");
    put(SECOND, "mstc-log-segment/2 1\nmark\ntwo\n");

    // then
    assertThatThrownBy(() -> read(FIRST)).hasMessageEndingWith("is no segment of a log");
    assertThatThrownBy(() -> read(SECOND)).hasMessageEndingWith("is no segment of a log");
  }

  @Test
  void aHeaderThatBreaksOffOrHasNoEndIsAnError() throws IOException {
    // given
    put(FIRST, "mstc-log-segment/1 2\nmark");
    put(SECOND, "x".repeat(100_000));

    // then
    assertThatThrownBy(() -> read(FIRST)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> read(SECOND)).isInstanceOf(IOException.class);
  }

  @Test
  void aStoreIsThereOrNot() {
    // given
    boolean there = store.isThere();

    // when
    objects.stop();

    // then
    assertThat(there).isTrue();
    assertThat(store.isThere()).isFalse();
  }
}
