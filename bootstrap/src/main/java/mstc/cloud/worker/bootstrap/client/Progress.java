package mstc.cloud.worker.bootstrap.client;

import static java.util.Objects.requireNonNull;

import java.io.PrintWriter;
import java.time.Duration;

/**
 * Shows for how long something has been waited for: on a terminal in one line that changes,
 * elsewhere in a line from time to time.
 */
public final class Progress implements AutoCloseable {
  private static final Duration LINE_INTERVAL = Duration.ofSeconds(10);

  private final PrintWriter out;
  private final boolean terminal = requireNonNull(System.console()).isTerminal();
  private Duration lastLine = Duration.ZERO;
  private boolean lineOpen;

  /** Shows it there. */
  public Progress(PrintWriter out) {
    this.out = out;
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
