/** The contract of the port {@code WorkQueue}, and a fake that keeps it. */
@NullMarked
package mstc.cloud.worker.domain.queue;

import org.jspecify.annotations.NullMarked;
