package mstc.cloud.worker.application.reply;

import mstc.cloud.worker.domain.reply.Reply;

/** What a client is told that used an idempotency key for another request before. */
public final class ReusedKey {
  private static final String USED = " was used for another request, use a new one";

  private ReusedKey() {}

  /** The reply, with the key in it. */
  public static Reply rejection(String messageId) {
    return Reply.invalid("message_id \"" + messageId + "\"" + USED);
  }

  /** The reply of who knows the job only, which does not tell the key. */
  public static Reply rejection() {
    return Reply.invalid("its message_id" + USED);
  }
}
