package mstc.cloud.worker.domain.request;

import java.util.List;
import java.util.stream.Collectors;

/** A request with values that are not allowed. The message holds every violation. */
public final class InvalidRequestException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final transient List<Violation> violations;

  /**
   * @param violations at least one
   */
  public InvalidRequestException(List<Violation> violations) {
    super(violations.stream().map(Violation::toString).collect(Collectors.joining("; ")));
    this.violations = List.copyOf(violations);
  }

  /** Everything wrong with the request, in the order in which it was found. */
  public List<Violation> violations() {
    return violations;
  }
}
