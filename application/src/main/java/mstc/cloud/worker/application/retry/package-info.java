/** Repeats what another system failed to do. */
@NullMarked
package mstc.cloud.worker.application.retry;

import org.jspecify.annotations.NullMarked;
