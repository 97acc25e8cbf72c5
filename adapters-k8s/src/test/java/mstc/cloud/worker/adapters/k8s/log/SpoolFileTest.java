package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log's file, and the room it takes. */
class SpoolFileTest {
  @TempDir Path folder;
  private final List<String> gaps = new ArrayList<>();

  private SpoolFile open(SpoolRoom room, long bytes) throws IOException {
    return SpoolFile.open(
        folder.resolve("pod.log"), room, new SpoolFile.Share(bytes, bytes), gaps::add);
  }

  private SpoolRoom room() {
    return new SpoolRoom(folder, 1000, Disk.REAL);
  }

  private static void append(SpoolFile file, String text) throws IOException {
    file.append(text.getBytes(UTF_8), 0, text.length());
  }

  @Test
  void aFileThatWasCutTakesNothingMore() throws IOException {
    // given
    SpoolRoom room = room();
    try (SpoolFile file = open(room, 4)) {
      append(file, "");
      append(file, "abcdef");
      long size = file.size();

      // when
      append(file, "more");

      // then
      assertThat(file.isTruncated()).isTrue();
      assertThat(file.size()).isEqualTo(size);
      assertThat(room.usedBytes()).isEqualTo(size);
      assertThat(gaps).containsExactly("it was cut, as a job's log may have 4 bytes");
    }
  }

  @Test
  void itsRoomIsGivenBackAsItIsCutBack() throws IOException {
    // given
    SpoolRoom room = room();
    try (SpoolFile file = open(room, 100)) {
      append(file, "abcdef");

      // when
      file.cutBack(2);
      file.cutBack(5);

      // then
      assertThat(file.size()).isEqualTo(2);
      assertThat(room.usedBytes()).isEqualTo(2);
      assertThat(file.unchangedBytes()).isEqualTo(2);
    }
  }

  @Test
  void aPartIsCopiedAndMoreThanThereIsIsAnError() throws IOException {
    // given
    try (SpoolFile file = open(room(), 100)) {
      append(file, "abcdef");
      ByteArrayOutputStream copy = new ByteArrayOutputStream();

      // when
      file.copy(2, 4, copy);

      // then
      assertThat(copy.toString(UTF_8)).isEqualTo("cd");
      assertThatThrownBy(() -> file.copy(0, 7, copy)).isInstanceOf(EOFException.class);
    }
  }
}
