package mstc.cloud.worker.bootstrap.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerTree;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationProblemsTest {
  private static final ConfigurationSources NOTHING = ConfigurationSources.ofEnvironment(Map.of());

  @TempDir private Path folder;

  @Test
  void allProblemsOfAllSourcesAreToldAtOnceEachWithItsPlace() {
    // given
    Path file =
        file(
            """
            mstc:
              work-queue:
                port: many
                heartbeat: 30
              jobs:
                max-concurrent: 0
                retention: 8d
              runtime:
                type: nomad
              logging: {level: LOUD, format: xml}
            """);
    ConfigurationSources sources =
        new ConfigurationSources(
            Map.of("mstc.http.port", "65536"),
            Map.of("MINIO_SERVICE_PORT", "nine", "MSTC_OBJECT_STORE_CREATE_BUCKETS", "maybe"),
            Optional.of(file));

    // when
    List<String> problems = problemsOf(sources);

    // then
    assertThat(problems)
        .containsExactlyInAnyOrder(
            "mstc.work-queue.port (%s:3) must be a whole number from 1 to 65535, but is \"many\""
                .formatted(file),
            "mstc.work-queue.heartbeat (%s:4) must be a duration from 1s to 1h in whole seconds, such as 30s, 5m or PT30S, but is \"30\""
                .formatted(file),
            "mstc.jobs.max-concurrent (%s:6) must be a whole number from 1 to 10000, but is \"0\""
                .formatted(file),
            "mstc.jobs.retention (%s:7) must be a duration from 0s to 7d in whole seconds, such as 30s, 5m or PT30S, but is \"8d\""
                .formatted(file),
            "mstc.runtime.type (%s:9) must be one of: kubernetes, local, but is \"nomad\""
                .formatted(file),
            "mstc.logging.level (%s:10) must be one of: ERROR, WARN, INFO, DEBUG, TRACE, but is \"LOUD\""
                .formatted(file),
            "mstc.logging.format (%s:10) must be one of: text, json, but is \"xml\""
                .formatted(file),
            "mstc.http.port (override) must be a whole number from 0 to 65535, but is \"65536\"",
            "mstc.object-store.minio.port (variable MINIO_SERVICE_PORT) must be a whole number from 1 to 65535, but is \"nine\"",
            "mstc.object-store.create-buckets (variable MSTC_OBJECT_STORE_CREATE_BUCKETS) must be true or false, but is \"maybe\"");
  }

  @Test
  void aPolicyThatLetsNothingRunIsNone() {
    // given
    ConfigurationSources sources =
        NOTHING.withOverrides(
            Map.of(
                "mstc.jobs.allowed-images",
                " , ",
                "mstc.jobs.max-memory",
                "512",
                "mstc.runtime.kubernetes.memory",
                "512"));

    // when
    List<String> problems = problemsOf(sources);

    // then
    assertThat(problems)
        .hasSize(3)
        .anyMatch(
            problem -> problem.contains("mstc.jobs.allowed-images") && problem.contains("globs"))
        .anyMatch(problem -> problem.contains("mstc.jobs.max-memory") && problem.contains("4Mi"))
        .anyMatch(problem ->
            problem.contains("mstc.runtime.kubernetes.memory") && problem.contains("4Mi"));
  }

  @Test
  void theExceptionsMessageIsItsProblemsOnOneLineEach() {
    // given
    ConfigurationSources sources =
        NOTHING.withOverrides(Map.of("mstc.http.port", "x\ny", "mstc.jobs.max-concurrent", "y"));

    // when
    ConfigurationException exception = exceptionOf(sources);

    // then
    assertThat(exception.problems()).hasSize(2);
    assertThat(exception).hasMessage(String.join("\n", exception.problems()));
    assertThat(exception.problems()).allSatisfy(problem -> assertThat(problem).hasLineCount(1));
  }

  @Test
  void unknownKeysOfFileAndOverridesAreProblemsWithASuggestion() {
    // given
    Path file =
        file(
            """
            mstc:
              work-que:
                host: x
              jobs:
                maxConcurrent: 5
                colour: blue
              runtime:
                swarm:
                  namespace: a
            other: 1
            """);
    ConfigurationSources sources =
        NOTHING.withFile(file).withOverrides(Map.of("mstc.http.prot", "1"));

    // when
    List<String> problems = problemsOf(sources);

    // then
    assertThat(problems)
        .containsExactlyInAnyOrder(
            "mstc.work-que (%s:2) is not a key; did you mean mstc.work-queue?".formatted(file),
            "mstc.jobs.maxConcurrent (%s:5) is not a key; did you mean mstc.jobs.max-concurrent?"
                .formatted(file),
            "mstc.jobs.colour (%s:6) is not a key".formatted(file),
            "mstc.runtime.swarm (%s:8) is not a key".formatted(file),
            "other (%s:10) is not a key".formatted(file),
            "mstc.http.prot (override) is not a key; did you mean mstc.http.port?");
  }

  @Test
  void aKeyGivenTwiceIsAProblemThatNamesBothLines() {
    // given
    Path file =
        file(
            """
            mstc:
              jobs:
                max-concurrent: 1
                max-concurrent: 2
              http:
                port: 1
              http:
                enabled: false
            mstc.jobs.max-concurrent: 3
            """);

    // when
    List<String> problems = problemsOf(NOTHING.withFile(file));

    // then
    assertThat(problems)
        .containsExactly(
            "mstc.jobs.max-concurrent (%s:4) is given twice, first on line 3".formatted(file),
            "mstc.http (%s:7) is given twice, first on line 5".formatted(file),
            "mstc.jobs.max-concurrent (%s:9) is given twice, first on line 3".formatted(file));
  }

  @Test
  void aSectionThatIsNoSectionAndAKeyThatIsOneAreProblems() {
    // given
    Path file =
        file(
            """
            mstc:
              work-queue: amqp://user:hidden@host
              jobs:
                retention: {seconds: 3}
                max-concurrent: [1, 2]
              http:
                host: !hidden tagged
            """);

    // when
    List<String> problems = problemsOf(NOTHING.withFile(file));

    // then
    assertThat(problems)
        .satisfiesExactlyInAnyOrder(
            problem ->
                assertThat(problem)
                    .startsWith("mstc.work-queue (%s:2) must hold keys".formatted(file)),
            problem ->
                assertThat(problem)
                    .startsWith("mstc.jobs.retention (%s:4) must be a dur".formatted(file))
                    .endsWith("but is a section"),
            problem ->
                assertThat(problem)
                    .isEqualTo(
                        "mstc.jobs.max-concurrent (%s:5) must be a whole number from 1 to 10000, but is a list"
                            .formatted(file)),
            problem ->
                assertThat(problem)
                    .startsWith("mstc.http.host (%s:7) must be a host name".formatted(file))
                    .endsWith("(one that begins with ! must be in quotes)"));
    assertThat(problems).noneMatch(problem -> problem.contains("hidden"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mstc:\\n\\thttp: 1             | :2 is not YAML: ",
        "mstc:\\n  jobs: {\\n           | :3 is not YAML: ",
        "mstc:\\n  a: b: c             | :2 is not YAML: ",
        "mstc:\\n  scratch-dir: @a     | :2 is not YAML: ",
        "mstc: {}\\n---\\nmstc: {}     | :2 is not YAML: ",
        "mstc\\n                       | :1 must hold keys",
        "- mstc\\n                     | :1 must hold keys",
      })
  void whatIsNotAYamlDocumentOfKeysIsAProblemWithItsLine(String text, String expected) {
    // given
    Path file = file(text.replace("\\n", "\n").replace("\\t", "\t"));

    // when
    List<String> problems = problemsOf(NOTHING.withFile(file));

    // then
    assertThat(problems).singleElement().asString().startsWith(file + expected).hasLineCount(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"*hidden", "!hidden", "!hidden!x y", "@hidden", "`hidden`", "{hidden", "'hidden"})
  void aSecretThatYamlStumblesOverIsNotShown(String password) {
    // given
    Path file = file("mstc:\n  work-queue:\n    password: " + password + "\n");

    // when
    ConfigurationException exception = exceptionOf(NOTHING.withFile(file));

    // then
    assertThat(exception.problems())
        .singleElement()
        .asString()
        .contains(file + ":")
        .doesNotContain("hidden");
    assertThat(exception).hasNoCause();
  }

  @Test
  void aSecretThatIsNotAllowedIsNotShown() {
    // given
    Path file =
        file(
            """
            mstc:
              work-queue:
                password: {hidden: x}
              object-store:
                minio:
                  secret-key: ''
                s3:
                  endpoint: https://user:hidden@s3.example
            """);

    // when
    List<String> problems = problemsOf(NOTHING.withFile(file));

    // then
    assertThat(problems)
        .hasSize(3)
        .noneMatch(problem -> problem.contains("hidden"))
        .anyMatch(problem -> problem.endsWith("but is \"****@s3.example\""))
        .anyMatch(problem -> problem.endsWith("but is \"\""));
  }

  @Test
  void aFileThatCannotBeReadIsAProblemBesideTheOthers() throws IOException {
    // given
    Path missing = folder.resolve("missing.yaml");
    Path notUtf8 =
        Files.write(
            folder.resolve("latin.yaml"),
            "mstc: {scratch-dir: \u00e9t\u00e9}".getBytes(StandardCharsets.ISO_8859_1));
    Path huge = write(folder.resolve("huge.yaml"), "#".repeat(1_048_577));
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(Map.of("MSTC_HTTP_PORT", "x"));

    // when
    List<String> ofMissing = problemsOf(sources.withFile(missing));
    List<String> ofFolder = problemsOf(sources.withFile(folder));
    List<String> ofNotUtf8 = problemsOf(sources.withFile(notUtf8));
    List<String> ofHuge = problemsOf(sources.withFile(huge));

    // then
    assertThat(ofMissing)
        .hasSize(2)
        .contains("the configuration file %s does not exist".formatted(missing));
    assertThat(ofFolder)
        .hasSize(2)
        .anyMatch(
            problem -> problem.startsWith("the configuration file %s cannot".formatted(folder)));
    assertThat(ofNotUtf8).hasSize(2).anyMatch(problem -> problem.startsWith(notUtf8.toString()));
    assertThat(ofHuge)
        .hasSize(2)
        .contains("the configuration file %s is larger than 1048576 bytes".formatted(huge));
  }

  @Test
  void aliasesThatWouldGrowWithoutBoundAreRefused() {
    // given
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
    for (int level = 1; level < 40; level++) {
      bomb.append("a%1$d: &a%1$d [*a%2$d, *a%2$d]\n".formatted(level, level - 1));
    }
    Path file = file(bomb.toString());
    Path endless = folder.resolve("endless.yaml");
    write(endless, "mstc: &a\n  jobs: *a\n");

    // when
    List<String> ofBomb = problemsOf(NOTHING.withFile(file));
    List<String> ofEndless = problemsOf(NOTHING.withFile(endless));

    // then
    assertThat(ofBomb).singleElement().asString().contains("aliases");
    assertThat(ofEndless)
        .singleElement()
        .asString()
        .startsWith("mstc.jobs.jobs (%s:2) is not a key".formatted(endless));
  }

  @Test
  void whatIsWrongInTheCatalogueIsToldByEntryAndLine() {
    // given
    Path file =
        file(
            """
            mstc:
              runtime:
                local:
                  catalogue:
                    - image: alpine
                    - command: [sh]
                      imgae: x
                    - just a text
                    - image: alpine
                      command: sh -c ls
                    - {image: a, command: [b], image: c}
                    - {image: a, command: [b], env: ["*"]}
                    - {image: a, command: [b], env: FOAM_*}
            """);
    String where = "mstc.runtime.local.catalogue (%s:".formatted(file);

    // when
    List<String> problems = problemsOf(NOTHING.withFile(file));

    // then
    String needsCommand = " must have a command, a list of words such as [solver, --fast]";
    String needsVariables =
        " must have as env a list of variables that requests may set, such as [OMP_NUM_THREADS,"
            + " FOAM_*]";
    assertThat(problems)
        .containsExactly(
            where + "5) entry 1" + needsCommand,
            where + "7) entry 2 has the unknown key \"imgae\"; it may have image, command and env",
            where + "6) entry 2 must have an image, such as \"*/solver:*\"",
            where + "8) entry 3 must have the keys image and command",
            where + "9) entry 4" + needsCommand,
            where + "11) entry 5 has the key image twice",
            where + "12) entry 6" + needsVariables,
            where + "13) entry 7" + needsVariables);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "alpine", "{image: a, command: [b]}", "[{image: a}]"})
  void aVariableThatIsNoCatalogueIsNamed(String text) {
    // when
    List<String> problems =
        problemsOf(
            ConfigurationSources.ofEnvironment(Map.of("MSTC_RUNTIME_LOCAL_CATALOGUE", text)));

    // then
    assertThat(problems)
        .singleElement()
        .asString()
        .startsWith("mstc.runtime.local.catalogue (variable MSTC_RUNTIME_LOCAL_CATALOGUE) ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rabbit:5672",
        "amqp://rabbit",
        "rabbit/",
        "a b",
        "[::1]",
        ":::",
        "1:2",
        " rabbit",
        "::1%"
      })
  void aHostIsNeitherAUrlNorHasAPort(String host) {
    assertThat(problemsOf(NOTHING.withOverrides(Map.of("mstc.work-queue.host", host))))
        .singleElement()
        .asString()
        .startsWith("mstc.work-queue.host (override) must be a host name or an IP address");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3.example",
        "HTTP://s3.example",
        "ftp://s3.example",
        "http://",
        "http://a_b:9000",
        "https://s3.example?x=y",
        "http://a:99999",
        "not a url",
        "https:s3.example"
      })
  void anEndpointIsAnHttpUrlWithAHost(String endpoint) {
    assertThat(problemsOf(NOTHING.withOverrides(Map.of("mstc.object-store.s3.endpoint", endpoint))))
        .singleElement()
        .asString()
        .startsWith("mstc.object-store.s3.endpoint (override) must be an http:// or https:// URL");
  }

  @ParameterizedTest
  @ValueSource(strings = {"store.example", "https://store.example/path", "https://user@store"})
  void thePublicEndpointIsTheUrlOfAHost(String endpoint) {
    assertThat(
            problemsOf(
                NOTHING.withOverrides(Map.of("mstc.object-store.public-endpoint", endpoint))))
        .singleElement()
        .asString()
        .startsWith("mstc.object-store.public-endpoint (override) must be an http:// or https://");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "30",
        "30 s",
        "-1s",
        "1.5s",
        "PT0.5S",
        "PT-1S",
        "9999999999s",
        "P400000000000D"
      })
  void aDurationNeedsAUnitAndKeepsToItsBounds(String duration) {
    assertThat(problemsOf(NOTHING.withOverrides(Map.of("mstc.shutdown.grace", duration))))
        .containsExactly(
            "mstc.shutdown.grace (override) must be a duration from 0s to 1h in whole seconds, such as 30s, 5m or PT30S, but is \""
                + duration
                + '"');
  }

  @Test
  void aCertificateMustBeAFileThatCanBeRead() {
    // given
    String key = "mstc.work-queue.tls.ca-certificate";
    Map<String, String> overrides =
        Map.of("mstc.work-queue.tls.enabled", "true", key, folder.resolve("ca.pem").toString());

    // when
    List<String> problems = problemsOf(NOTHING.withOverrides(overrides));

    // then
    assertThat(problems)
        .containsExactly(
            "%s (override) must be the path of a file that can be read, but is \"%s\""
                .formatted(key, folder.resolve("ca.pem")));
  }

  @Test
  void ofTwoSourcesOnlyTheValueInForceCounts() {
    // given
    Path file = file("mstc: {http: {port: x}}");
    ConfigurationSources sources =
        ConfigurationSources.ofEnvironment(Map.of("MSTC_HTTP_PORT", "81")).withFile(file);

    // when
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(sources);

    // then
    assertThat(loaded.configuration().http().orElseThrow().port()).isEqualTo(81);
  }

  private static List<String> problemsOf(ConfigurationSources sources) {
    return exceptionOf(sources).problems();
  }

  private static ConfigurationException exceptionOf(ConfigurationSources sources) {
    ConfigurationException exception =
        catchThrowableOfType(ConfigurationException.class, () -> WorkerTree.read(sources));
    assertThat(exception).isNotNull();
    return exception;
  }

  private Path file(String text) {
    return write(folder.resolve("worker.yaml"), text);
  }

  private static Path write(Path file, String text) {
    try {
      return Files.writeString(file, text);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
