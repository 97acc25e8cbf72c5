/** The port that requests come from and replies go to. */
@NullMarked
package mstc.cloud.worker.domain.queue;

import org.jspecify.annotations.NullMarked;
