package mstc.cloud.worker.application.reply;

import mstc.cloud.worker.domain.reply.Reply;

/** The reply to a client that has used an idempotency key for another request before. */
public final class ReusedKey {
  private static final String USED = " was used for another request, use a new one";

  private ReusedKey() {}

  /** The reply, with the key in it. */
  public static Reply rejection(String messageId) {
    return Reply.invalid("message_id \"" + messageId + "\"" + USED);
  }

  /** The reply if only the job is known, which does not tell the key. */
  public static Reply rejection() {
    return Reply.invalid("its message_id" + USED);
  }
}
