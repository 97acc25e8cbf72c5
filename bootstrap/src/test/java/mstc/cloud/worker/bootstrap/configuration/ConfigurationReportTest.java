package mstc.cloud.worker.bootstrap.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationReport.Entry;
import mstc.cloud.worker.bootstrap.settings.WorkerTree;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationReportTest {

  @Test
  void itListsEveryKeySorted() {
    // when
    ConfigurationReport report =
        WorkerTree.read(ConfigurationSources.ofEnvironment(Map.of())).report();

    // then
    List<String> all = new WorkerTree().keys().stream().map(Key::name).sorted().toList();
    assertThat(report.entries()).extracting(Entry::key).containsExactlyElementsOf(all);
    assertThat(report.entries()).extracting(Entry::origin).containsOnly("default");
    assertThat(report.entries()).isSortedAccordingTo(Comparator.comparing(Entry::key));
  }

  @Test
  void itListsTheKeysThatNothingGivesAValueToo() {
    // given
    ConfigurationSources amazon =
        ConfigurationSources.ofEnvironment(Map.of("MSTC_OBJECT_STORE_TYPE", "s3"));

    // when
    ConfigurationReport report = WorkerTree.read(amazon).report();

    // then
    assertThat(report.entries())
        .hasSameSizeAs(new WorkerTree().keys())
        .contains(new Entry("mstc.jobs.store-host", "(not set)", "default"));
  }

  @Test
  void itSaysWhatIsInForceAndWhereFromButNoSecret(@TempDir Path folder) throws IOException {
    // given
    Path file =
        Files.writeString(
            folder.resolve("worker.yaml"),
            """
            mstc:
              work-queue:
                heartbeat: PT1M
                virtual-host: "a\\nb"
              scratch-dir: /scratch
              runtime:
                local:
                  catalogue:
                    - image: "*"
                      command: [echo, 'a "b"']
                      env: [FOAM_*]
            """);
    ConfigurationSources sources =
        new ConfigurationSources(
            Map.of("mstc.http.port", "0"),
            Map.of(
                "MSTC_OBJECT_STORE_TYPE", "S3",
                "MSTC_OBJECT_STORE_S3_ENDPOINT", "http://store:9000",
                "MINIO_ROOT_USER", "root",
                "MINIO_ROOT_PASSWORD", "hidden"),
            Optional.of(file));

    // when
    ConfigurationReport report = WorkerTree.read(sources).report();

    // then
    assertThat(report.entries())
        .contains(
            new Entry("mstc.http.port", "0", "override"),
            new Entry("mstc.object-store.type", "s3", "variable MSTC_OBJECT_STORE_TYPE"),
            new Entry("mstc.work-queue.heartbeat", "1m", file + ":3"),
            new Entry("mstc.work-queue.virtual-host", "a\\u000ab", file + ":4"),
            new Entry("mstc.runtime.local.folder", "/scratch/jobs", "default"),
            new Entry(
                "mstc.runtime.local.catalogue",
                "[{image: \"*\", command: [\"echo\", \"a \\\"b\\\"\"], env: [\"FOAM_*\"]}]",
                file + ":9"),
            new Entry("mstc.object-store.region", "(not set)", "default"),
            new Entry("mstc.object-store.minio.secret-key", "****", "variable MINIO_ROOT_PASSWORD"),
            new Entry(
                "mstc.object-store.s3.access-key",
                "root",
                "as mstc.object-store.minio.access-key, variable MINIO_ROOT_USER"),
            new Entry(
                "mstc.object-store.s3.secret-key",
                "****",
                "as mstc.object-store.minio.secret-key, variable MINIO_ROOT_PASSWORD"),
            new Entry("mstc.work-queue.password", "****", "default"));
    assertThat(report.toText())
        .hasLineCount(new WorkerTree().keys().size())
        .containsPattern("(?m)^mstc\\.http\\.port +\\Q= 0  (override)\\E$")
        .doesNotContain("hidden");
  }
}
