/** The other side of the queue: submits work and waits for it. */
@NullMarked
package mstc.cloud.worker.bootstrap.client;

import org.jspecify.annotations.NullMarked;
