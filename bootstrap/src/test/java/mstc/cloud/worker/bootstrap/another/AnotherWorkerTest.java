package mstc.cloud.worker.bootstrap.another;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.adapters.local.LocalJobRuntime;
import mstc.cloud.worker.adapters.s3.S3ObjectStore;
import mstc.cloud.worker.bootstrap.another.RenderSection.RenderSettings;
import mstc.cloud.worker.bootstrap.assembly.Services;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationException;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationKeys;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationReport.Entry;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
import mstc.cloud.worker.bootstrap.configuration.LoadedConfiguration;
import mstc.cloud.worker.bootstrap.settings.Proxies;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program with keys of its own reads a file, and gets a store and a runtime from it. */
class AnotherWorkerTest {
  @TempDir private Path folder;

  @Test
  void itGetsAStoreAndARuntimeBesideItsOwnKeys() throws Exception {
    // given
    Path file =
        file(
            """
            mstc:
              object-store:
                type: s3
                region: eu-central-1
                s3: {endpoint: "http://127.0.0.1:9000", access-key: user, secret-key: hidden}
              runtime:
                type: local
                local: {catalogue: [{image: "render/*", command: [render]}]}
            render.queue.folder: %s
            """
                .formatted(folder.resolve("queue")));

    // when
    LoadedConfiguration<RenderSettings> loaded = RenderSection.read(sources(file, Map.of()));

    // then
    RenderSettings settings = loaded.configuration();
    assertThat(settings.folder()).isEqualTo(folder.resolve("queue"));
    assertThat(loaded.warnings()).isEmpty();
    assertThat(loaded.report().entries())
        .contains(
            new Entry("render.queue.folder", folder.resolve("queue").toString(), file + ":9"));
    try (ObjectStore store = Services.objectStore(settings.store(), Proxies.NONE);
        JobRuntime runtime =
            Services.jobRuntime(settings.runtime(), store, new WorkRequestFormat(), Proxies.NONE)) {
      assertThat(store).isInstanceOf(S3ObjectStore.class);
      assertThat(runtime).isInstanceOf(LocalJobRuntime.class);
    }
  }

  @Test
  void itsVariablesAndUnknownKeysAreToldAsTheWorkersAre() throws IOException {
    // given
    Path file = file("mstc: {jobs: {retention: 30s}}");
    ConfigurationSources sources =
        sources(file, Map.of("RENDER_QUEUE_FOLDER", "", "RENDER_QUEUE_FOLDERS", "/queue"));

    // when
    ConfigurationException exception =
        catchThrowableOfType(ConfigurationException.class, () -> RenderSection.read(sources));

    // then
    assertThat(exception.problems())
        .isEqualTo(List.of("mstc.jobs (%s:1) is not a key".formatted(file)));
    assertThat(RenderSection.read(sources(file(""), sources.environment())).warnings())
        .containsExactly(
            "variable RENDER_QUEUE_FOLDERS is ignored: no key has this name; did you mean"
                + " RENDER_QUEUE_FOLDER?");
  }

  @Test
  void itsKeysAreDocumentedAsTheWorkersAre() {
    assertThat(ConfigurationKeys.toMarkdown(new RenderSection()))
        .contains("| `mstc.object-store.type` | `minio` |")
        .doesNotContain("mstc.jobs.retention")
        .endsWith(
            "| `render.queue.folder` | `/render/queue` | a path | The folder that requests are put"
                + " into. |\n");
  }

  private static ConfigurationSources sources(Path file, Map<String, String> environment) {
    return new ConfigurationSources(Map.of(), environment, Optional.of(file));
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("render.yaml"), text);
  }
}
