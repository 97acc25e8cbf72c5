package mstc.cloud.worker.application.intake;

import java.util.List;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.Violation;

/** What became of a request. */
public sealed interface Acceptance {

  /** The request's job is on record; who waits for it will be answered when it has ended. */
  record OnRecord(UniqueName name) implements Acceptance {}

  /** The request needs no job (any more): this is the reply. */
  record Answered(Reply reply) implements Acceptance {}

  /** The request must not become a job: what is wrong with it, all of it. */
  record Invalid(List<Violation> violations) implements Acceptance {
    public Invalid {
      violations = List.copyOf(violations);
    }
  }

  /** The request is somebody else's to accept, so nothing was done about it. */
  record Abandoned() implements Acceptance {}
}
