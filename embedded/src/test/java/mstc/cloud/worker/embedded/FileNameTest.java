package mstc.cloud.worker.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileNameTest {
  private static final String UPLOAD = ".mpus-0b3c1f0e-4a53-4f7e-9d3d-1c2b3a4d5e6f-";

  @ParameterizedTest
  @CsvSource({
    "a,                a",
    "a/b,              a%/b",
    "logs/ü 1.log,     logs%/ü 1.log",
    "100%,             100%25",
    "a%/b,             a%25%/b",
    ".mstc/job/0,      %2Emstc%/job%/0",
    "../..,            %2E.%/%2E.",
    "a..b,             a..b",
    "folder/,          folder%/%empty",
    "/,                %/%empty",
    "a//b,             a%/%/b",
    "a+,               a+",
    "%25,              %2525",
    "%2E,              %252E",
    "%empty,           %25empty",
    "%+/x,             %25+%/x",
  })
  void aKeyHasAFileOfItsOwn(String key, String file) {
    assertThat(FileName.ofKey(key)).isEqualTo(file);
    assertThat(FileName.toKey(file)).isEqualTo(key);
  }

  @Test
  void aLongNameIsInSeveralFolders() {
    // given: 1,023 bytes
    String key = "ü".repeat(400) + "/" + "b".repeat(222);

    // when
    String file = FileName.ofKey(key);

    // then
    assertThat(file.split("/", -1))
        .allSatisfy(name -> assertThat(name.getBytes(UTF_8)).hasSizeBetween(1, 162));
    assertThat(FileName.toKey(file)).isEqualTo(key);
  }

  @Test
  void noFolderOfALongNameBeginsWithADot() {
    assertThat(FileName.ofKey("x".repeat(160) + "..")).isEqualTo("x".repeat(160) + "%+/%2E.");
  }

  @Test
  void theStoresOwnNameOfAPartHasTheFileOfTheKeyWithin() {
    String key = "jobs/" + "x".repeat(300);

    assertThat(FileName.ofKey(UPLOAD + key + "-12"))
        .isEqualTo(UPLOAD + FileName.ofKey(key) + "-12");
    assertThat(FileName.ofKey(UPLOAD + key + "-stub"))
        .isEqualTo(UPLOAD + FileName.ofKey(key) + "-stub");
  }

  @Test
  void everyKeyComesBackAndBeginsWithTheFileNameOfItsPrefixes() {
    // given
    var random = new Random(13);
    List<String> letters = List.of("a", "%", "/", ".", "+", "2", "E", "ü", "模", "x".repeat(90));

    for (int round = 0; round < 20_000; round++) {
      var key = new StringBuilder();
      for (int i = random.nextInt(1, 12); i > 0; i--) {
        key.append(letters.get(random.nextInt(letters.size())));
      }
      int cut = random.nextInt(key.length() + 1);

      // when
      String file = FileName.ofKey(key.toString());

      // then
      assertThat(FileName.toKey(file)).isEqualTo(key.toString());
      assertThat(file).startsWith(FileName.ofPrefix(key.substring(0, cut)));
    }
  }
}
