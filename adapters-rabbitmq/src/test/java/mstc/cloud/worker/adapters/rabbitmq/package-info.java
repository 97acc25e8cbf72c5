/** Tests of the RabbitMQ adapter. */
@NullMarked
package mstc.cloud.worker.adapters.rabbitmq;

import org.jspecify.annotations.NullMarked;
