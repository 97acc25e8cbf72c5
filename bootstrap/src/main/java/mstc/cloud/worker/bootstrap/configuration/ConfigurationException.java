package mstc.cloud.worker.bootstrap.configuration;

import java.util.List;

/**
 * The configuration cannot be used; every problem in it is reported at once.
 *
 * <p>Meant to be printed line by line, without a stack trace.
 */
public final class ConfigurationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final List<String> problems;

  ConfigurationException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /**
   * One line each, at least one, without secrets: the key, where it came from, what is allowed and
   * what was given.
   */
  public List<String> problems() {
    return problems;
  }
}
