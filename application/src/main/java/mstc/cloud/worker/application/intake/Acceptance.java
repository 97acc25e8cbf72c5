package mstc.cloud.worker.application.intake;

import java.util.List;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.Violation;

/** What became of a request. */
sealed interface Acceptance {

  /** The request's job is on record; those who wait for it are answered when it has ended. */
  record OnRecord(Job job) implements Acceptance {}

  /** The request needs no job: this is the reply. */
  record Answered(Reply reply) implements Acceptance {}

  /** The request must not become a job, or not on this worker: everything that is wrong with it. */
  record Invalid(List<Violation> violations) implements Acceptance {
    public Invalid {
      violations = List.copyOf(violations);
    }

    /** What its client is told. */
    Reply reply() {
      return Reply.invalid(violations);
    }
  }

  /**
   * There is no request.
   *
   * @param reason one line of printable text
   */
  record Unreadable(String reason) implements Acceptance {

    /** What its client is told. */
    Reply reply() {
      return Reply.invalid(reason);
    }
  }

  /** The request is somebody else's to accept, so nothing was done about it. */
  record Abandoned() implements Acceptance {}
}
