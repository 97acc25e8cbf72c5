package mstc.cloud.worker.bootstrap.cli;

import java.io.Console;
import org.jspecify.annotations.Nullable;

/** Whether a person sits there. */
final class Terminal {
  private Terminal() {}

  /** Whether standard input and output both are a terminal. */
  // Not only before JDK 22: without a terminal, JDK 25 has no console.
  @SuppressWarnings("SystemConsoleNull")
  static boolean isInteractive() {
    @Nullable Console console = System.console();
    return console != null && console.isTerminal();
  }

  /** Asks a question; anything but yes is no. */
  @SuppressWarnings("SystemConsoleNull")
  static boolean isConfirmed(String question) {
    @Nullable Console console = System.console();
    if (console == null) {
      return false;
    }
    @Nullable String answer = console.readLine("%s", question + " [y/N] ");
    return answer != null && (answer.equalsIgnoreCase("y") || answer.equalsIgnoreCase("yes"));
  }
}
