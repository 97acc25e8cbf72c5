package mstc.cloud.worker.bootstrap;

import mstc.cloud.worker.bootstrap.cli.CommandLineRunner;
import mstc.cloud.worker.bootstrap.cli.MstcCommand;

/** Starts the command line. */
public final class Main {
  private Main() {}

  /** Runs the command that the arguments name, and exits with its code. */
  public static void main(String[] arguments) {
    System.exit(CommandLineRunner.run(new MstcCommand(), arguments));
  }
}
