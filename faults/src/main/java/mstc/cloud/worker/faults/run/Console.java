package mstc.cloud.worker.faults.run;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/** Tells what happens, one line each, with the time of day and the time since the run began. */
public final class Console {
  private static final DateTimeFormatter TIME_OF_DAY = DateTimeFormatter.ofPattern("HH:mm:ss");

  private final PrintWriter out;
  private Instant began = Instant.now();

  /** Writes to that writer. */
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
        TIME_OF_DAY.format(LocalTime.now(ZoneId.systemDefault())),
        seconds / 60,
        seconds % 60,
        line);
    out.flush();
  }
}
