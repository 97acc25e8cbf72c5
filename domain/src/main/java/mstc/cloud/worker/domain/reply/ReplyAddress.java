package mstc.cloud.worker.domain.reply;

import java.util.Optional;

/**
 * Where a client waits for its reply.
 *
 * @param queue the AMQP property {@code reply-to} of its request
 * @param correlationId returned unchanged
 */
public record ReplyAddress(String queue, Optional<String> correlationId) {}
