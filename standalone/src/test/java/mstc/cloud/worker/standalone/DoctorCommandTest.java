package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mstc.cloud.worker.faults.service.WorkerProcess;
import mstc.cloud.worker.testkit.store.RecordingProxy;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command {@code doctor}, in a process of its own, on servers of this process. */
@Execution(ExecutionMode.CONCURRENT)
class DoctorCommandTest {
  @TempDir private Path folder;

  private final Map<String, String> settings = new TreeMap<>();
  private final Map<String, String> environment = new TreeMap<>();
  private EmbeddedServices services;

  @BeforeEach
  void start() {
    services = EmbeddedServices.start(folder.resolve("services"), 0, 0);
    settings.putAll(services.configuration());
    settings.put("mstc.runtime.type", "local");
    settings.put("mstc.runtime.local.catalogue", "[{image: test/sh, command: [/bin/sh]}]");
    settings.put("mstc.scratch-dir", folder.resolve("scratch").toString());
  }

  @AfterEach
  void stop() {
    services.close();
  }

  /** By every diagnosis of a test. */
  private final StringBuilder shown = new StringBuilder();

  private record Diagnosed(int code, String output) {}

  /** A machine that has no time for them makes servers answer too late. */
  private static void eventually(ThrowingRunnable diagnosis) {
    await().atMost(Duration.ofMinutes(3)).pollDelay(Duration.ZERO).untilAsserted(diagnosis);
  }

  private Diagnosed diagnosed(String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("doctor"));
    settings.forEach((key, value) -> arguments.add("--set=" + key + "=" + value));
    arguments.addAll(List.of(options));
    try (WorkerProcess process =
        new WorkerProcess(
            folder.resolve("output"), WorkerProcess.SHORT_LIVED, arguments, environment)) {
      int code = process.awaitExit();
      String output = process.output();
      shown.append(output);
      return new Diagnosed(code, output);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"minio", "s3"})
  void nothingIsWrongWithTheEmbeddedServers(String store) throws Exception {
    // given
    settings.put("mstc.object-store.type", store);

    eventually(() -> {
      // when
      Diagnosed diagnosed = diagnosed();

      // then
      assertThat(diagnosed.output())
          .contains("ok       broker login", "ok       local program for test/sh", " 0 skipped")
          .contains("ok       store condition", "ok       store clock", "ok       store for jobs")
          .contains(" 0 failed")
          .doesNotContain("→");
      assertThat(diagnosed.code()).isZero();
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"minio", "s3"})
  void noClientReadsTheProxiesOfTheEnvironmentByItself(String store) throws Exception {
    // given
    settings.put("mstc.object-store.type", store);
    try (RecordingProxy proxy = RecordingProxy.start()) {
      environment.put("HTTP_PROXY", proxy.url().toString());
      environment.put("NO_PROXY", "a.example.com, 10.0.0.0/8");

      eventually(() -> {
        // when
        Diagnosed diagnosed = diagnosed();

        // then
        assertThat(diagnosed.output()).contains("ok       store condition", " 0 failed");
      });
      assertThat(proxy.requests()).isEmpty();
    }
  }

  @Test
  void whatIsWrongIsToldWithItsRemedyAndNoPasswordIsShown() throws Exception {
    // given
    settings.put("mstc.work-queue.password", "open-sesame");
    settings.put("mstc.object-store.minio.secret-key", "open-barley");

    eventually(() -> {
      // when
      Diagnosed diagnosed = diagnosed();

      // then
      assertThat(diagnosed.output())
          .contains(
              "FAILED   broker login", "→ set mstc.work-queue.user and mstc.work-queue.password")
          .contains("FAILED   store credentials", "→ set mstc.object-store.minio.access-key")
          .contains("skipped  store write");
      assertThat(diagnosed.code()).isEqualTo(1);
    });
    assertThat(shown).doesNotContain("open-sesame", "open-barley", "Exception");
  }

  @Test
  void findingsForProgramsAreOneArray() throws Exception {
    // given
    settings.put("mstc.work-queue.port", "1");

    eventually(() -> {
      // when
      Diagnosed diagnosed = diagnosed("--json");

      // then
      assertThat(diagnosed.output())
          .contains("[ {")
          .endsWith("]\n")
          .contains("\"check\" : \"broker address\"", "\"status\" : \"failed\"")
          .contains("\"remedy\" : \"start RabbitMQ there")
          .contains("\"status\" : \"skipped\"", "\"status\" : \"ok\"", "\"remedy\" : null");
      assertThat(diagnosed.code()).isEqualTo(1);
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"minio", "s3"})
  void aStoreThatIgnoresIfNoneMatchIsNamed(String type) throws Exception {
    try (FlawedStore store = new FlawedStore(true)) {
      // given
      use(type, store.port());

      eventually(() -> {
        // when
        Diagnosed diagnosed = diagnosed("--bucket=results");

        // then
        assertThat(diagnosed.output())
            .contains("FAILED   store condition", "ignores If-None-Match")
            .contains("ok       store read", "ok       store delete", " 1 failed");
      });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"minio", "s3"})
  void aBucketThatMayNotBeWrittenIsNamed(String type) throws Exception {
    try (FlawedStore store = new FlawedStore(false)) {
      // given
      use(type, store.port());

      eventually(() -> {
        // when
        Diagnosed diagnosed = diagnosed("--bucket=results");

        // then
        assertThat(diagnosed.output())
            .contains("FAILED   store write", "access denied (HTTP 403 AccessDenied)")
            .contains("→ allow the user s3:PutObject in the bucket results", " 1 failed");
      });
    }
  }

  private void use(String type, int port) {
    settings.put("mstc.object-store.type", type);
    settings.put("mstc.object-store.minio.port", Integer.toString(port));
    settings.put("mstc.object-store.s3.endpoint", "http://127.0.0.1:" + port);
  }

  @Test
  void serversThatSayNothingHoldNobodyUp() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      // given
      settings.put("mstc.work-queue.port", Integer.toString(silent.getLocalPort()));
      settings.put("mstc.object-store.minio.port", Integer.toString(silent.getLocalPort()));

      eventually(() -> {
        // when
        Diagnosed diagnosed = diagnosed();

        // then
        assertThat(diagnosed.output())
            .contains("FAILED   broker login", "FAILED   store address", "no answer within 10 s")
            .contains(" 2 failed");
      });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--set=mstc.http.prot=1", "--bucket=NO"})
  void whatCannotBeMeantIsNoDiagnosis(String option) throws Exception {
    // when
    Diagnosed diagnosed = diagnosed(option);

    // then
    assertThat(diagnosed.code()).isEqualTo(2);
    assertThat(diagnosed.output()).doesNotContain("FAILED", "ok  ", "\tat ");
  }
}
