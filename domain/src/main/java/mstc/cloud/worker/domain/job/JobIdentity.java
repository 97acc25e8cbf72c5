package mstc.cloud.worker.domain.job;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/**
 * What makes two messages the same piece of work, and so the uuid of its job.
 *
 * <p>A message id is an idempotency key: whoever sends it again, whenever, means the same job. A
 * correlation is not: clients use a correlation id again, so it only recognises a message that the
 * broker delivers a second time. Without either, every message is a job of its own.
 */
public sealed interface JobIdentity {

  /** The uuid of the job: the same for equal keys, a random one for {@link Unique}. */
  UUID uuid();

  /**
   * A client's idempotency key.
   *
   * @param messageId the AMQP property {@code message-id}, or the header {@code Idempotency-Key}
   */
  record IdempotencyKey(String messageId) implements JobIdentity {
    @Override
    public UUID uuid() {
      RequestDigest.Hash hash = new RequestDigest.Hash();
      hash.text("message-id");
      hash.text(messageId);
      return nameBased(hash);
    }
  }

  /**
   * A message that can be recognised when it is delivered again.
   *
   * @param replyQueue the AMQP property {@code reply-to}
   */
  record Correlation(String correlationId, Optional<String> replyQueue, RequestDigest digest)
      implements JobIdentity {
    @Override
    public UUID uuid() {
      RequestDigest.Hash hash = new RequestDigest.Hash();
      hash.text("correlation-id");
      hash.text(correlationId);
      hash.optional(replyQueue);
      hash.text(digest.value());
      return nameBased(hash);
    }
  }

  /** A message like no other. */
  record Unique(UUID uuid) implements JobIdentity {
    /** With a random uuid. */
    public static Unique random() {
      return new Unique(UUID.randomUUID());
    }
  }

  /** A uuid of version 8 (RFC 9562, section 5.8): the hash, but for the version and the variant. */
  private static UUID nameBased(RequestDigest.Hash hash) {
    ByteBuffer bytes = ByteBuffer.wrap(hash.value());
    long high = (bytes.getLong() & 0xffff_ffff_ffff_0fffL) | 0x8000L;
    long low = (bytes.getLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }
}
