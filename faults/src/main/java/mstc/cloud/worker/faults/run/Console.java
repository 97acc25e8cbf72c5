package mstc.cloud.worker.faults.run;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;

/** Tells what happens, one line each, with the time of day and since the run began. */
public final class Console {
  private final PrintWriter out;
  private Instant began = Instant.now();

  /** Writes there. */
  public Console(PrintWriter out) {
    this.out = out;
  }

  synchronized void runBegins(Instant now) {
    began = now;
  }

  /** Writes a line with the times. */
  public synchronized void say(String line) {
    long seconds = Duration.between(began, Instant.now()).toSeconds();
    out.printf(
        "%s %d:%02d  %s%n",
        LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS),
        seconds / 60,
        seconds % 60,
        line);
    out.flush();
  }
}
