package mstc.cloud.worker.domain.job;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.domain.FieldHash;
import mstc.cloud.worker.domain.request.RequestDigest;

/**
 * What makes two messages the same piece of work; it decides the uuid of their job.
 *
 * <p>A message id is an idempotency key: a client that sends it again, at any time, means the same
 * job. A correlation is not, because clients reuse correlation ids: it only recognises a message
 * that the broker delivers a second time. Without either, every message is a job of its own.
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
      FieldHash hash = new FieldHash();
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
      FieldHash hash = new FieldHash();
      hash.text("correlation-id");
      hash.text(correlationId);
      hash.optional(replyQueue);
      hash.text(digest.value());
      return nameBased(hash);
    }
  }

  /** A message that is never the same as another. */
  record Unique(UUID uuid) implements JobIdentity {
    public static Unique random() {
      return new Unique(UUID.randomUUID());
    }
  }

  /**
   * A uuid of version 8 (RFC 9562, section 5.8): the hash, except for the version and the variant.
   */
  private static UUID nameBased(FieldHash hash) {
    ByteBuffer bytes = ByteBuffer.wrap(hash.value());
    long high = (bytes.getLong() & 0xffff_ffff_ffff_0fffL) | 0x8000L;
    long low = (bytes.getLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }
}
