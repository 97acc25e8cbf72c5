package mstc.cloud.worker.standalone.demo;

import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * The temperature along a rod after some time, with fixed temperatures at its ends: the
 * one-dimensional heat equation, solved by explicit finite differences.
 *
 * @see <a href="https://en.wikipedia.org/wiki/FTCS_scheme">The FTCS scheme</a>
 */
final class HeatEquation {
  /** The largest {@code diffusivity · dt / dx²} for which the scheme is stable. */
  private static final double STABILITY_LIMIT = 0.5;

  private final double number;

  /**
   * @param number the grid's Fourier number, {@code diffusivity · dt / dx²}
   * @throws IllegalArgumentException when the scheme is not stable with it
   */
  HeatEquation(double number) {
    if (!(number > 0 && number <= STABILITY_LIMIT)) {
      throw new IllegalArgumentException(
          "the Fourier number %s must be above 0 and at most %s"
              .formatted(number, STABILITY_LIMIT));
    }
    this.number = number;
  }

  /**
   * The temperatures after that many steps.
   *
   * @param progress called at each tenth, in percent
   */
  double[] solve(double[] initial, int steps, IntConsumer progress) {
    double[] now = initial.clone();
    double[] next = initial.clone();
    for (int step = 1; step <= steps; step++) {
      for (int i = 1; i < now.length - 1; i++) {
        next[i] = now[i] + number * (now[i - 1] - 2 * now[i] + now[i + 1]);
      }
      double[] previous = now;
      now = next;
      next = previous;
      if ((long) step * 10 / steps != (step - 1L) * 10 / steps) {
        progress.accept((int) ((long) step * 100 / steps));
      }
    }
    return Arrays.copyOf(now, now.length);
  }
}
