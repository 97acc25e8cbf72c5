package mstc.cloud.worker.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import mstc.cloud.worker.bootstrap.assembly.WorkerApplication;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
import mstc.cloud.worker.bootstrap.configuration.LoadedConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerTree;

/** The worker and the services it needs, in one process. */
final class Standalone implements AutoCloseable {
  private final EmbeddedServices services;
  private final WorkerApplication worker;
  private final WorkerConfiguration configuration;

  private Standalone(
      EmbeddedServices services, WorkerApplication worker, WorkerConfiguration configuration) {
    this.services = services;
    this.worker = worker;
    this.configuration = configuration;
  }

  /**
   * Where its services listen, and where it keeps what must survive a restart.
   *
   * @param brokerPort 0 for any free port
   * @param storePort 0 for any free port
   */
  record Settings(Path folder, int brokerPort, int storePort) {}

  /**
   * Starts the services, then the worker.
   *
   * @param sources gives the worker's configuration, with the values for these services added
   * @param loaded called with the configuration before the worker starts
   */
  static Standalone start(
      Settings settings,
      Function<Map<String, String>, ConfigurationSources> sources,
      Consumer<LoadedConfiguration<WorkerConfiguration>> loaded)
      throws IOException {
    Path folder = settings.folder().toAbsolutePath().normalize();
    Files.createDirectories(folder);
    // Checked before anything is started, so that a mistake in it is reported alone and at once.
    Map<String, String> given =
        new TreeMap<>(
            Map.of("mstc.scratch-dir", folder + "/scratch", "mstc.runtime.type", "local"));
    loaded.accept(WorkerTree.read(sources.apply(given)));
    EmbeddedServices services =
        EmbeddedServices.start(folder, settings.brokerPort(), settings.storePort());
    try {
      given.putAll(services.configuration());
      WorkerConfiguration configuration =
          BuiltInCatalogue.addTo(WorkerTree.read(sources.apply(given)).configuration(), folder);
      return new Standalone(services, WorkerApplication.start(configuration), configuration);
    } catch (RuntimeException | IOException e) {
      services.close();
      throw e;
    }
  }

  /** The configuration that the worker runs with. */
  WorkerConfiguration configuration() {
    return configuration;
  }

  @Override
  public void close() {
    worker.close();
    services.close();
  }
}
