package mstc.cloud.worker.bootstrap.cli;

import java.util.concurrent.Callable;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationReader;
import mstc.cloud.worker.bootstrap.configuration.LoadedConfiguration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints the configuration in force. */
@Command(
    name = "config",
    mixinStandardHelpOptions = true,
    description = "Prints every configuration key in force, its value (secrets masked) and its origin.")
public final class ConfigCommand implements Callable<Integer> {
  @Mixin private ConfigurationOptions options = new ConfigurationOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    LoadedConfiguration loaded = ConfigurationReader.read(options.sources());
    loaded.warnings().forEach(warning -> spec.commandLine().getErr().println("mstc: " + warning));
    spec.commandLine().getOut().print(loaded.report().toText());
    spec.commandLine().getOut().flush();
    return 0;
  }
}
