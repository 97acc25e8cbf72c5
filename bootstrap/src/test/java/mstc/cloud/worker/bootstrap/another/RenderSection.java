package mstc.cloud.worker.bootstrap.another;

import java.nio.file.Path;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationReader;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationValues;
import mstc.cloud.worker.bootstrap.configuration.Key;
import mstc.cloud.worker.bootstrap.configuration.LoadedConfiguration;
import mstc.cloud.worker.bootstrap.configuration.Section;
import mstc.cloud.worker.bootstrap.configuration.ValueTypes;
import mstc.cloud.worker.bootstrap.settings.JobSettings;
import mstc.cloud.worker.bootstrap.settings.ObjectStoreSection;
import mstc.cloud.worker.bootstrap.settings.RuntimeSection;
import mstc.cloud.worker.bootstrap.settings.RuntimeSettings;
import mstc.cloud.worker.bootstrap.settings.StoreSettings;

/** The keys of a worker that takes its requests from a folder. */
final class RenderSection extends Section {
  private final ObjectStoreSection objectStore = section(new ObjectStoreSection());
  private final RuntimeSection runtime = section(new RuntimeSection());
  private final Key<Path> folder =
      key("render.queue.folder", ValueTypes.PATH, Path.of("/render/queue"))
          .meaning("The folder that requests are put into.");

  record RenderSettings(StoreSettings store, RuntimeSettings runtime, Path folder) {}

  static LoadedConfiguration<RenderSettings> read(ConfigurationSources sources) {
    RenderSection section = new RenderSection();
    return ConfigurationReader.read(sources, section, section::settings);
  }

  private RenderSettings settings(ConfigurationValues values) {
    StoreSettings store = objectStore.read(values);
    Path queue = values.value(folder);
    return new RenderSettings(
        store,
        runtime.read(values, queue.resolve(".scratch"), JobSettings.of(store), store),
        queue);
  }
}
