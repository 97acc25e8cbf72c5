/** The port {@code WorkQueue} on RabbitMQ, or another broker that speaks AMQP 0-9-1. */
@NullMarked
package mstc.cloud.worker.adapters.rabbitmq;

import org.jspecify.annotations.NullMarked;
