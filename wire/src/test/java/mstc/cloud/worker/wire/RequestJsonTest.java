package mstc.cloud.worker.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static mstc.cloud.worker.testkit.request.WorkRequests.aFullWorkRequest;
import static mstc.cloud.worker.testkit.request.WorkRequests.aWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.ParsedRequest.Invalid;
import mstc.cloud.worker.domain.request.ParsedRequest.Unreadable;
import mstc.cloud.worker.domain.request.ParsedRequest.Valid;
import mstc.cloud.worker.domain.request.Violation;
import mstc.cloud.worker.domain.request.WorkRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestJsonTest {
  private static final String REQUIRED =
      """
      "image": "alpine:3", "jobName": "solver", "inputBucket": "inputs"\
      """;

  // Form

  @Test
  void everyFieldOfTheContractIsRead() {
    // given
    String json =
        """
        {
          "image": "alpine:3",
          "jobName": "solver",
          "inputBucket": "inputs",
          "outputBucket": "outputs",
          "timeOut": 90,
          "prefix": "runs/42",
          "command": ["solve", "--fast"],
          "args": ["mesh.msh", "-n", 8],
          "env": {"THREADS": 8, "EMPTY": ""},
          "resources": {"cpu": 1.5, "memory": "2Gi", "gpu": 1},
          "retries": 2,
          "labels": {"team": "flow", "example.org/cost-center": "A-7"}
        }
        """;

    // when, then
    assertThat(parse(json)).isEqualTo(new Valid(aFullWorkRequest().build(), List.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{%s}",
        " \n\t{%s,}\r\n",
        "{%s, \"outputBucket\": null, \"TIMEOUT\": null, \"env\": null, \"resources\": null}",
        "{%s, \"outputBucket\": \"\", \"timeOut\": 0, \"prefix\": \"\", \"retries\": 0}",
        "{%s, \"command\": [], \"args\": [], \"env\": {}, \"labels\": {}, \"resources\": {}}",
        "{%s, \"env\": {\"A\": null,}, \"resources\": {\"cpu\": null, \"GPU\": 0,},}",
        "{%s, \"IMAGE\": null}",
        "{%s, \"timeOut\": \"15\"}",
        "{%s, \"timeOut\": 15.0}",
        "{%s, \"timeOut\": -0.0}",
        "{%s, \"timeOut\": 1.5e1}"
      })
  void theFormIsLenient(String json) {
    assertThat(parse(json.formatted(REQUIRED)))
        .isEqualTo(new Valid(aWorkRequest().build(), List.of()));
  }

  @Test
  void propertyNamesAreMatchedWithoutRegardToCase() {
    // given
    String json =
        new String(RequestJson.toBytes(aFullWorkRequest().build()), UTF_8)
            .replace("jobName", "JOBNAME")
            .replace("image", "Image")
            .replace("timeOut", "timeout")
            .replace("resources", "RESOURCES")
            .replace("cpu", "Cpu");

    // when, then
    assertThat(parse(json)).isEqualTo(new Valid(aFullWorkRequest().build(), List.of()));
  }

  @Test
  void namesOfVariablesAndLabelsKeepTheirCase() {
    assertThat(valid("\"env\": {\"a\": 1, \"A\": 2}").env()).isEqualTo(Map.of("a", "1", "A", "2"));
  }

  @Test
  void numbersAmongTextsStayAsTheClientWroteThem() {
    assertThat(valid("\"args\": [0.12345678901234567890, 1.10, true, 12345678901234567890]").args())
        .containsExactly("0.12345678901234567890", "1.10", "true", "12345678901234567890");
  }

  @Test
  void aByteOrderMarkAndUtf16AreAccepted() {
    // given
    String json = "{%s, \"args\": [\"模型 😀\"]}".formatted(REQUIRED);
    ParsedRequest expected = parse(json);

    // then
    assertThat(expected).isInstanceOf(Valid.class);
    assertThat(RequestJson.parse(("\ufeff" + json).getBytes(UTF_8))).isEqualTo(expected);
    assertThat(RequestJson.parse(json.getBytes(UTF_16))).isEqualTo(expected);
    assertThat(RequestJson.parse(json.getBytes(UTF_16LE))).isEqualTo(expected);
  }

  @Test
  void anUnknownFieldIsAWarning() {
    // when
    ParsedRequest parsed =
        parse(
            "{%s, \"Colour\": {\"a\": [1]}, \"resources\": {\"Disk\": 1}, \"resources.cpu\": 9}"
                .formatted(REQUIRED));

    // then
    assertThat(parsed)
        .isEqualTo(
            new Valid(
                aWorkRequest().build(),
                List.of(
                    "unknown field \"Colour\"",
                    "unknown field \"resources.Disk\"",
                    "unknown field \"resources.cpu\"")));
  }

  @Test
  void unknownFieldsThatDifferInCaseDoNotFailTheRequest() {
    assertThat(parse("{%s, \"colour\": 1, \"Colour\": 2}".formatted(REQUIRED)))
        .isInstanceOfSatisfying(Valid.class, valid -> assertThat(valid.warnings()).hasSize(2));
  }

  @Test
  void manyUnknownFieldsAreCounted() {
    // given
    String fields =
        IntStream.range(0, 1000)
            .mapToObj(i -> ", \"f%d\": 1".formatted(i))
            .collect(Collectors.joining());

    // when, then
    assertThat(parse("{" + REQUIRED + fields + "}"))
        .isInstanceOfSatisfying(
            Valid.class,
            valid -> assertThat(valid.warnings()).hasSize(9).endsWith("992 more unknown fields"));
  }

  // Values

  static Stream<Arguments> violations() {
    String minutes = " must be whole minutes from 1 to 43200, or 0 for 15";
    String retries = " must be a whole number from 0 to 10";
    return Stream.of(
        Arguments.of("\"timeOut\": -1", "timeOut \"-1\"" + minutes),
        Arguments.of("\"timeOut\": \"abc\"", "timeOut \"abc\"" + minutes),
        Arguments.of("\"timeOut\": 5256000", "timeOut \"5256000\"" + minutes),
        Arguments.of("\"timeOut\": 1.5", "timeOut \"1.5\"" + minutes),
        Arguments.of("\"timeOut\": 1e400", "timeOut \"1E+400\"" + minutes),
        Arguments.of("\"timeOut\": 1e99999999", "timeOut \"1E+99999999\"" + minutes),
        Arguments.of(
            "\"timeOut\": 92233720368547758080", "timeOut \"92233720368547758080\"" + minutes),
        Arguments.of("\"timeOut\": true", "timeOut \"true\"" + minutes),
        Arguments.of("\"timeOut\": [15]", "timeOut \"[15]\"" + minutes),
        Arguments.of("\"retries\": -1", "retries \"-1\"" + retries),
        Arguments.of("\"retries\": 4294967296", "retries \"4294967296\"" + retries),
        Arguments.of(
            "\"resources\": 1", "resources \"1\" must be an object with cpu, memory or gpu"),
        Arguments.of(
            "\"resources\": {\"gpu\": 1.5}",
            "resources.gpu \"1.5\" must be a whole number from 1 to 64"),
        Arguments.of("\"outputBucket\": 5", "outputBucket \"5\" must be text"),
        Arguments.of("\"prefix\": [\"a\"]", "prefix \"[\"a\"]\" must be text"),
        Arguments.of("\"command\": \"sh -c x\"", "command \"sh -c x\" must be a list of texts"),
        Arguments.of("\"args\": [[]]", "args \"[[]]\" must be a list of texts"),
        Arguments.of("\"args\": [null]", "args \"[null]\" must be a list of texts"),
        Arguments.of(
            "\"args\": [\"\\ud800\"]",
            "args \"\\ud800\" must be text without NUL characters and unpaired surrogates"),
        Arguments.of("\"env\": []", "env must be an object of names and texts"),
        Arguments.of("\"env\": {\"A\": {}}", "env must be an object of names and texts"),
        Arguments.of(
            "\"env\": {\"A\": \"\\u0000\"}",
            "env.A must be text without NUL characters and unpaired surrogates"),
        Arguments.of(
            "\"labels\": {\"a\": \"b c\"}",
            "labels.a \"b c\" must be a label value: at most 63 of letters, digits, '-', '_' and"
                + " '.', beginning and ending with a letter or digit"),
        Arguments.of("\"Image\": \"x\"", "image \"Image\" must be given once"));
  }

  @ParameterizedTest
  @MethodSource("violations")
  void aWrongValueIsNamedWithWhatItWasAndWhatIsAllowed(String field, String violation) {
    assertThat(invalid("{" + REQUIRED + "," + field + "}")).containsExactly(violation);
  }

  @Test
  void everythingWrongIsToldAtOnce() {
    assertThat(
            invalid(
                "{\"image\": \"UPPER//x\", \"inputBucket\": \"A\", \"outputBucket\": \"B\","
                    + " \"timeOut\": -1}"))
        .hasSize(5)
        .anyMatch(text -> text.startsWith("image \"UPPER//x\" must be an image reference"))
        .anyMatch(text -> text.startsWith("inputBucket \"A\" must be an S3 bucket name"))
        .anyMatch(text -> text.startsWith("outputBucket \"B\" must be an S3 bucket name"))
        .anyMatch(text -> text.startsWith("timeOut \"-1\" must be whole minutes"))
        .contains("jobName is missing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"image\": null, \"jobName\": \"\"}"})
  void whatIsRequiredIsMissing(String json) {
    assertThat(invalid(json))
        .containsExactly("image is missing", "jobName is missing", "inputBucket is missing");
  }

  // What is no request

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "``, is not",
        "` `, is not",
        "hello, is not JSON",
        "[], is not a JSON object",
        "null, is not a JSON object",
        "`\"x\"`, is not a JSON object",
        "1, is not a JSON object",
        "{, is not JSON",
        "`{,}`, is not JSON",
        "{} {}, is not JSON",
        "{}}, is not JSON",
        "`{\"timeOut\": NaN}`, is not JSON",
        "`{\"timeOut\": 01}`, is not JSON",
        "`{'image': 1}`, is not JSON",
        "`{\"image\": \"a\", \"image\": \"b\"}`, is not",
        "`{\"a\": \"\u001b[31m\"}`, is not JSON",
        "`{\"a\": 1,,}`, is not JSON"
      })
  void whatIsNoJsonObjectIsOneClearSentence(String body, String reason) {
    assertThat(unreadable(body)).startsWith("the request ").contains(reason).matches("\\P{Cntrl}*");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"\u0080\": 1}",
        "\u00ff\u00fe\u0001",
        "\u00c0\u00af",
        "{\"a\": \"\u00ed\u00a0\u0080\"}"
      })
  void whatIsNoTextIsOneClearSentence(String bytes) {
    assertThat(RequestJson.parse(bytes.getBytes(ISO_8859_1)))
        .isInstanceOfSatisfying(
            Unreadable.class,
            unreadable -> assertThat(unreadable.reason()).startsWith("the request is not JSON"));
  }

  @Test
  void tooMuchIsRefusedBeforeItIsRead() {
    assertThat(unreadable("{\"a\": \"" + "x".repeat(10 << 20) + "\"}"))
        .isEqualTo("the request is longer than 131072 bytes: it has 10485769");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{\"a\":"})
  void deepNestingIsRefused(String level) {
    assertThat(unreadable("{\"a\": " + level.repeat(10_000)))
        .isEqualTo("the request is nested deeper than 32 levels");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-", "0.", "1e"})
  void aNumberOfThousandsOfDigitsIsRefused(String start) {
    assertThat(unreadable("{%s, \"timeOut\": %s1%s}".formatted(REQUIRED, start, "0".repeat(5000))))
        .isEqualTo("the request has a number of more than 1000 digits");
  }

  @Test
  void aStreamOfTooMuchIsLeftUnreadAndNothingIsSaidOfItsLength() throws IOException {
    // given
    var stream = new ByteArrayInputStream(new byte[5_000_000]);

    // when
    ParsedRequest parsed = RequestJson.parse(stream);

    // then
    assertThat(parsed).isEqualTo(new Unreadable("the request is longer than 131072 bytes"));
    assertThat(stream.available()).isEqualTo(5_000_000 - RequestJson.MAX_BYTES - 1);
  }

  @Test
  void aStreamOfNoMoreThanAllowedIsReadAsItsBytesAre() throws IOException {
    // given
    byte[] body = RequestJson.toBytes(aFullWorkRequest().build());

    // when
    ParsedRequest parsed = RequestJson.parse(new ByteArrayInputStream(body));

    // then
    assertThat(parsed).isEqualTo(RequestJson.parse(body));
  }

  @Test
  void aNameOfAnyLengthIsAWarning() {
    assertThat(parse("{%s, \"%s\": 1}".formatted(REQUIRED, "x".repeat(100_000))))
        .isInstanceOfSatisfying(
            Valid.class,
            valid ->
                assertThat(valid.warnings())
                    .containsExactly("unknown field \"" + "x".repeat(79) + "…\""));
  }

  // Injection

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\n",
        "\\r",
        "\\u001b[31m",
        "\\u0085",
        "\\u009b31m",
        "\\u2028",
        "\\u202e",
        "\\ud800"
      })
  void noCharacterThatForgesALineOrATerminalIsEverRaw(String evil) {
    // given
    String text = "\"" + evil + "\"";
    List<String> bodies =
        List.of(
            "{\"image\": %1$s, \"jobName\": %1$s, \"inputBucket\": %1$s, \"outputBucket\": %1$s}",
            "{\"timeOut\": %1$s, \"retries\": %1$s, \"prefix\": %1$s, \"command\": %1$s, \"args\":"
                + " %1$s}",
            "{\"env\": {%1$s: %1$s}, \"labels\": {%1$s: %1$s, \"a\": %1$s}}",
            "{\"env\": %1$s, \"labels\": %1$s, \"resources\": %1$s}",
            "{\"resources\": {\"cpu\": %1$s, \"memory\": %1$s, \"gpu\": %1$s, %1$s: 1}}",
            "{\"command\": [[%1$s]], \"image\": {%1$s: 1}}",
            "{" + REQUIRED + ", %1$s: 1}",
            "{" + REQUIRED + ", %1$s: 1, %1$s: 2}",
            "{" + REQUIRED + ", %1$s}");

    // when
    Stream<String> messages =
        bodies.stream().map(body -> parse(body.formatted(text))).flatMap(RequestJsonTest::messages);

    // then
    assertThat(messages).isNotEmpty().noneMatch(RequestJsonTest::isUnsafe);
  }

  private static Stream<String> messages(ParsedRequest parsed) {
    return switch (parsed) {
      case Valid valid -> valid.warnings().stream();
      case Invalid invalid -> invalid.violations().stream().map(Violation::toString);
      case Unreadable unreadable -> Stream.of(unreadable.reason());
    };
  }

  private static boolean isUnsafe(String message) {
    return message
        .codePoints()
        .anyMatch(c ->
            Character.isISOControl(c)
                || "\u2028\u2029\u202e".indexOf(c) >= 0
                || Character.getType(c) == Character.SURROGATE);
  }

  // Writing

  @Test
  void whatIsWrittenIsReadAgain() {
    // given
    List<WorkRequest> requests =
        List.of(
            aWorkRequest().build(),
            aFullWorkRequest().build(),
            aFullWorkRequest().args(List.of("\u0001\u001b\u007f\u2028\"\\/ 模型 😀", "")).build());

    // then
    assertThat(requests)
        .allSatisfy(request ->
            assertThat(RequestJson.parse(RequestJson.toBytes(request)))
                .isEqualTo(new Valid(request, List.of())));
  }

  @Test
  void theLongestRequestIsReadAgain() {
    // given
    String start = "{%s, \"args\": [\"".formatted(REQUIRED);
    String json = start + "x".repeat(RequestJson.MAX_BYTES - start.length() - 3) + "\"]}";

    // when, then
    assertThat(json).hasSize(RequestJson.MAX_BYTES);
    assertThat(parse(json))
        .isInstanceOfSatisfying(
            Valid.class,
            valid ->
                assertThat(RequestJson.parse(RequestJson.toBytes((WorkRequest) valid.work())))
                    .isEqualTo(valid));
    assertThat(unreadable(json + " "))
        .isEqualTo("the request is longer than 131072 bytes: it has 131073");
  }

  @Test
  void aRequestThatCouldNotBeReadAgainIsRefused() {
    assertThat(unreadable("{%s, \"args\": [1%s]}".formatted(REQUIRED, ",1".repeat(60_000))))
        .startsWith("the request is longer than 131072 bytes once it is kept, in UTF-8")
        .endsWith(": it has 240075");
  }

  private static WorkRequest valid(String fields) {
    return (WorkRequest) ((Valid) parse("{" + REQUIRED + ", " + fields + "}")).work();
  }

  private static Stream<String> invalid(String json) {
    return messages((Invalid) parse(json));
  }

  private static String unreadable(String json) {
    return ((Unreadable) parse(json)).reason();
  }

  private static ParsedRequest parse(String json) {
    return RequestJson.parse(json.getBytes(UTF_8));
  }
}
