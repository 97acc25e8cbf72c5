/** What is to happen in a run, drawn from a seed alone. */
@NullMarked
package mstc.cloud.worker.faults.schedule;

import org.jspecify.annotations.NullMarked;
