/** The worker as a whole: its use cases put together, started and stopped. */
@NullMarked
package mstc.cloud.worker.application;

import org.jspecify.annotations.NullMarked;
