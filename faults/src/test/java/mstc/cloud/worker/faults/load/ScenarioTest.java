package mstc.cloud.worker.faults.load;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.faults.history.Event.Part;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Requests are what they are said to be, and the script writes the text that is expected. */
class ScenarioTest {
  private static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");

  private static Scenario scenario(Shape shape) {
    return Scenario.draw(new Random(1), "key", List.of(shape));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNREADABLE")
  void aRequestSaysWhatIsToRun(Shape shape) {
    Scenario scenario = scenario(shape);

    JsonNode body = JsonMapper.builder().build().readTree(scenario.body("image", "name", NOW));

    assertThat(body.path("jobName").asString()).isEqualTo("name");
    assertThat(body.path("command").values().stream().map(JsonNode::asString))
        .containsExactlyElementsOf(scenario.work().command(NOW.getEpochSecond()));
    assertThat(scenario.expected().isRejected()).isEqualTo(shape == Shape.INVALID);
  }

  @Test
  void theOtherRequestIsAnother() {
    Scenario scenario = scenario(Shape.SHORT);

    assertThat(scenario.otherBody("image", "name", NOW))
        .isNotEqualTo(scenario.body("image", "name", NOW));
  }

  @Test
  void theScriptWritesTheText() throws Exception {
    assumeTrue(isPythonHere(), "no python3 on this machine");
    KnownText text = new KnownText("key", 1000, 3);
    Work work = new Work(text, 1, 7_777, 1, 0, 3, 0);

    Process process = new ProcessBuilder(work.command(0)).start();
    byte[] written = process.getInputStream().readAllBytes();

    assertThat(process.waitFor()).isEqualTo(3);
    assertThat(StoredParts.read(new ByteArrayInputStream(written), text).parts())
        .containsExactly(new Part(text.bytes(), text.bytes()));
    assertThat(new String(written, US_ASCII)).startsWith("00000000 ");
  }

  @Test
  void anAttemptThatComesTooSoonFails() throws Exception {
    assumeTrue(isPythonHere(), "no python3 on this machine");
    Work work = new Work(new KnownText("key", 1, 1), 0, 100, 0, 0, 0, 3600);

    Process process =
        new ProcessBuilder(work.command(Instant.now().getEpochSecond()))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();

    assertThat(process.waitFor()).isEqualTo(Work.FAILURE);
  }

  private static boolean isPythonHere() throws InterruptedException {
    try {
      return new ProcessBuilder("python3", "--version").start().waitFor(20, TimeUnit.SECONDS);
    } catch (IOException e) {
      return false;
    }
  }
}
