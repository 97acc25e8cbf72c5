package mstc.cloud.worker.domain.diagnosis;

/** What a check found, in lines for people. */
public sealed interface Finding {

  /**
   * It is as the worker needs it.
   *
   * @param seen what else was seen; empty if there is nothing to add
   */
  record Passed(String seen) implements Finding {
    /** Nothing to add. */
    public Passed() {
      this("");
    }
  }

  /**
   * It is not.
   *
   * @param problem what is wrong, in the service's own words if it gave any
   * @param remedy what to do: the key, the right or the command
   */
  record Failed(String problem, String remedy) implements Finding {
    public Failed {
      if (problem.isBlank() || remedy.isBlank()) {
        throw new IllegalArgumentException("a failure says what is wrong and what to do");
      }
    }
  }

  /**
   * It could not be found out, or need not.
   *
   * @param reason why
   */
  record Skipped(String reason) implements Finding {
    public Skipped {
      if (reason.isBlank()) {
        throw new IllegalArgumentException("what is skipped has a reason");
      }
    }
  }
}
