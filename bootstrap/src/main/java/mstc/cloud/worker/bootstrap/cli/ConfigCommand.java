package mstc.cloud.worker.bootstrap.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationKeys;
import mstc.cloud.worker.bootstrap.configuration.LoadedConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerTree;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints the configuration in force. */
@Command(
    name = "config",
    mixinStandardHelpOptions = true,
    description =
        "Prints every configuration key in force, its value (secrets masked) and its origin.")
public final class ConfigCommand implements Callable<Integer> {
  @Mixin private ConfigurationOptions options = new ConfigurationOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--keys", description = "Prints all keys there are, as a table in Markdown.")
  private boolean keys;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (keys) {
      out.print(ConfigurationKeys.toMarkdown(new WorkerTree()));
      out.flush();
      return 0;
    }

    LoadedConfiguration<WorkerConfiguration> loaded = WorkerTree.read(options.sources());
    loaded.warnings().forEach(warning -> spec.commandLine().getErr().println("mstc: " + warning));
    out.print(loaded.report().toText());
    out.flush();
    return 0;
  }
}
