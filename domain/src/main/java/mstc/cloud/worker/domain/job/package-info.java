/** A unit of work the worker runs once: its identity, its unique name and how it ended. */
@NullMarked
package mstc.cloud.worker.domain.job;

import org.jspecify.annotations.NullMarked;
