package mstc.cloud.worker.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import mstc.cloud.worker.bootstrap.cli.ConfigurationOptions;
import mstc.cloud.worker.bootstrap.cli.WorkerConsole;
import mstc.cloud.worker.embedded.EmbeddedServerException;
import mstc.cloud.worker.embedded.PortInUseException;
import mstc.cloud.worker.embedded.Ports;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs the worker with its own broker and S3 server until it is told to stop. */
@Command(
    name = "standalone",
    mixinStandardHelpOptions = true,
    description = {
      "Runs the worker with a broker and an S3 server of its own, on loopback, until it is told to"
          + " stop.",
      "Messages, objects and jobs are kept in a folder and survive a restart."
    })
final class StandaloneCommand implements Callable<Integer> {
  @Mixin private ConfigurationOptions options = new ConfigurationOptions();

  @Option(names = "--folder", description = "Where everything is kept; default: ${DEFAULT-VALUE}.")
  private Path folder = Path.of(System.getProperty("user.home"), ".mstc", "standalone");

  @Option(
      names = "--broker-port",
      paramLabel = "PORT",
      description = "Where the broker listens, 0 for any free port; default: ${DEFAULT-VALUE}.")
  private int brokerPort = 5672;

  @Option(
      names = "--store-port",
      paramLabel = "PORT",
      description = "Where the S3 server listens, 0 for any free port; default: ${DEFAULT-VALUE}.")
  private int storePort = 9000;

  @Override
  public Integer call() throws IOException, InterruptedException {
    WorkerConsole.untilStopped(start());
    return 0;
  }

  private Standalone start() throws IOException {
    requirePort("--broker-port", brokerPort);
    requirePort("--store-port", storePort);
    requireFolder();
    try {
      return Standalone.start(
          new Standalone.Settings(folder, brokerPort, storePort),
          options::sources,
          WorkerConsole::open);
    } catch (PortInUseException e) {
      String option = e.port() == brokerPort ? "--broker-port" : "--store-port";
      throw new IllegalStateException(e.getMessage() + " The option is " + option + ".", e);
    } catch (EmbeddedServerException e) {
      throw new IllegalStateException(e.getMessage() + " The option is --folder.", e);
    }
  }

  private void requireFolder() {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new IllegalStateException(
          "%s cannot be the folder where everything is kept: it %s. The option is --folder."
              .formatted(folder, Files.exists(folder) ? "is a file" : "cannot be created"),
          e);
    }
  }

  private static void requirePort(String option, int port) {
    if (!Ports.isValid(port)) {
      throw new IllegalStateException(
          "%s must be from 0 to %d, but is %d".formatted(option, Ports.HIGHEST, port));
    }
  }
}
