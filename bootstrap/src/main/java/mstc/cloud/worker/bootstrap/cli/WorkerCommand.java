package mstc.cloud.worker.bootstrap.cli;

import java.util.concurrent.Callable;
import mstc.cloud.worker.bootstrap.assembly.WorkerApplication;
import mstc.cloud.worker.bootstrap.configuration.LoadedConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerTree;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Runs the worker until it is told to stop. */
@Command(
    name = "worker",
    mixinStandardHelpOptions = true,
    description = "Runs the worker against the configured services until it is told to stop.")
public final class WorkerCommand implements Callable<Integer> {
  @Mixin private ConfigurationOptions options = new ConfigurationOptions();

  @Override
  public Integer call() throws InterruptedException {
    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(options.sources());
    WorkerConsole.open(loaded);
    WorkerApplication worker = WorkerApplication.start(loaded.configuration());
    WorkerConsole.untilStopped(worker);
    return 0;
  }
}
