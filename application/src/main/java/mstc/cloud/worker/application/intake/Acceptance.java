package mstc.cloud.worker.application.intake;

import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;

/** What became of a request. */
public sealed interface Acceptance {

  /** The request's job is on record; who waits for it will be answered when it has ended. */
  record OnRecord(UniqueName name) implements Acceptance {}

  /** The request needs no job (any more): this is the reply. */
  record Answered(Reply reply) implements Acceptance {}

  /** The request is somebody else's to accept, so nothing was done about it. */
  record Abandoned() implements Acceptance {}
}
