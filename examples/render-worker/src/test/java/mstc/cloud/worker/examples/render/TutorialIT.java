package mstc.cloud.worker.examples.render;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What docs/build-your-own-worker.md shows is so, word for word. */
class TutorialIT {
  private static final Path EXAMPLE = Path.of("").toAbsolutePath();
  private static final Path HOME = EXAMPLE.resolve("../..").normalize();
  private static final Path PAGE = HOME.resolve("docs/build-your-own-worker.md");
  private static final int MINUTES = 5;

  @TempDir private Path temporary;

  @BeforeEach
  void deleteTheFarmOfAnEarlierRun() throws IOException {
    Path farm = EXAMPLE.resolve("target/farm");
    if (Files.exists(farm)) {
      try (Stream<Path> all = Files.walk(farm)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }

  /** Where the page's commands did not come to stopping it. */
  @AfterEach
  void endWhatRuns() {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
  }

  private static List<String> blocks(String language) throws IOException {
    return Pattern.compile("^```" + language + "\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE)
        .matcher(Files.readString(PAGE))
        .results()
        .map(match -> match.group(1))
        .toList();
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the commands are for a Unix shell")
  void theCommandsDoWhatThePageSays() throws Exception {
    // given
    Path output = temporary.resolve("output");
    ProcessBuilder shell =
        new ProcessBuilder("bash", "-e", "-c", String.join("", blocks("sh")))
            .directory(HOME.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());

    // when
    Process commands = shell.start();
    boolean isOver = commands.waitFor(MINUTES, TimeUnit.MINUTES);

    // then
    String shown = Files.readString(output);
    assertThat(isOver).as(shown).isTrue();
    assertThat(commands.exitValue()).as(shown).isZero();
    assertThat(shown)
        .containsSubsequence(
            " complete.\",\"job\":\"rings-",
            "rings-00001.pgm",
            "rings-00024.pgm",
            "rendered films/rings-00001.pgm",
            "rendered films/rings-00024.pgm",
            " failed: lost: ");
  }

  @Test
  void theCodeIsTheExamples() throws IOException {
    // given
    String sources;
    try (Stream<Path> files = Files.walk(EXAMPLE.resolve("src"))) {
      sources =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .map(TutorialIT::read)
              .collect(Collectors.joining());
    }

    // then
    assertThat(blocks("java"))
        .isNotEmpty()
        .allSatisfy(code -> assertThat(unwrapped(sources)).contains(unwrapped(code)));
  }

  /** Without the line breaks, which the formatter sets by its own rules. */
  private static String unwrapped(String code) {
    return code.replaceAll("\\s+", "");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
