package mstc.cloud.worker.bootstrap.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LogOutputTest {
  private static final byte[] LOG = {'o', 'n', 'e', '\n', (byte) 0xff, 0, 't', 'w', 'o'};

  private final StringWriter printed = new StringWriter();

  @Test
  void aLogIsPrintedByteByByte() throws Exception {
    // given
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    LogOutput output =
        LogOutput.plain(
            new PrintStream(bytes, true, StandardCharsets.US_ASCII), new PrintWriter(printed));

    // when
    output.copy(new ByteArrayInputStream(LOG));
    output.text("größe\n");
    output.notice("something is missing");

    // then
    assertThat(bytes.toByteArray())
        .startsWith(LOG)
        .endsWith("größe\n".getBytes(StandardCharsets.UTF_8));
    assertThat(printed.toString()).isEqualToNormalizingNewlines("mstc: something is missing\n");
  }

  @Test
  void eachLineIsAnObjectForPrograms() throws Exception {
    // when
    LogOutput.objects(new PrintWriter(printed))
        .copy(new ByteArrayInputStream("one\nzwei: größe\n😀".getBytes(StandardCharsets.UTF_8)));

    // then
    assertThat(printed.toString().lines())
        .containsExactly(
            "{\"log\":\"one\\n\"}", "{\"log\":\"zwei: größe\\n\"}", "{\"log\":\"😀\"}");
  }
}
