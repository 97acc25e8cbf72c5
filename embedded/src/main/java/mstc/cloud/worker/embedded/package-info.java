/** An AMQP 0-9-1 broker and an S3 server that run inside this process. */
@NullMarked
package mstc.cloud.worker.embedded;

import org.jspecify.annotations.NullMarked;
