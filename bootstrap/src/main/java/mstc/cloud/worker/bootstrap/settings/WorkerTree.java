package mstc.cloud.worker.bootstrap.settings;

import mstc.cloud.worker.bootstrap.configuration.ConfigurationException;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationReader;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationValues;
import mstc.cloud.worker.bootstrap.configuration.LoadedConfiguration;
import mstc.cloud.worker.bootstrap.configuration.Section;

/** The whole tree {@code mstc.*}: every key of the worker. */
public final class WorkerTree extends Section {
  private final WorkQueueSection workQueue = section(new WorkQueueSection());
  private final ObjectStoreSection objectStore = section(new ObjectStoreSection());
  private final RuntimeSection runtime = section(new RuntimeSection());
  private final JobsSection jobs = section(new JobsSection());
  private final HttpSection http = section(new HttpSection());
  private final ProcessSection process = section(new ProcessSection());

  /**
   * Reads a worker's configuration, as {@link ConfigurationReader} does.
   *
   * @throws ConfigurationException with every problem
   */
  public static LoadedConfiguration<WorkerConfiguration> read(ConfigurationSources sources) {
    WorkerTree tree = new WorkerTree();
    return ConfigurationReader.read(sources, tree, tree::configuration);
  }

  private WorkerConfiguration configuration(ConfigurationValues values) {
    StoreSettings store = objectStore.read(values);
    JobSettings common = jobs.read(values, store);
    RuntimeSettings chosen = runtime.read(values, process.scratchFolder(values), common, store);
    if (chosen instanceof RuntimeSettings.Kubernetes) {
      jobs.warnOfStoreOutOfReach(values, common);
    }
    return new WorkerConfiguration(
        workQueue.read(values),
        store,
        chosen,
        jobs.worker(values),
        http.read(values),
        process.logging(values),
        Proxies.read(values),
        process.shutdownGrace(values));
  }
}
