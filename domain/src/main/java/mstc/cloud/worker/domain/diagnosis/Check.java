package mstc.cloud.worker.domain.diagnosis;

/**
 * One thing that is checked.
 *
 * @param name what is checked, in a few words, such as {@code broker login}
 * @param tried what is done for that, in a few words
 * @param look blocks until something is found
 */
public record Check(String name, String tried, Look look) {

  public Check {
    if (name.isBlank() || tried.isBlank()) {
      throw new IllegalArgumentException("a check has a name, and says what it tries");
    }
  }

  /** What a check does. It ends early, in any way, when its thread is interrupted. */
  @FunctionalInterface
  public interface Look {
    Finding run() throws InterruptedException;
  }
}
