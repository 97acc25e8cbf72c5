package mstc.cloud.worker.bootstrap.client;

import java.io.Console;
import java.io.PrintWriter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Shows how long something has been waited for: on a terminal in one line that changes, elsewhere
 * in a line from time to time.
 */
public final class Progress implements AutoCloseable {
  private static final Duration LINE_INTERVAL = Duration.ofSeconds(10);

  private final PrintWriter out;
  private final boolean terminal;
  private Duration lastLine = Duration.ZERO;
  private boolean lineOpen;

  /** Shows it on that writer. */
  // Not only before JDK 22: without a terminal, JDK 25 has no console.
  @SuppressWarnings("SystemConsoleNull")
  public Progress(PrintWriter out) {
    @Nullable Console console = System.console();
    this.out = out;
    this.terminal = console != null && console.isTerminal();
  }

  /** Shows the time waited so far; called about once a second. */
  public void show(Duration waited) {
    if (terminal) {
      out.printf("\rwaiting for the reply: %d s ", waited.toSeconds());
      lineOpen = true;
    } else if (waited.minus(lastLine).compareTo(LINE_INTERVAL) >= 0) {
      out.printf("waiting for the reply: %d s%n", waited.toSeconds());
      lastLine = waited;
    }
    out.flush();
  }

  @Override
  public void close() {
    if (lineOpen) {
      out.println();
      out.flush();
    }
  }
}
