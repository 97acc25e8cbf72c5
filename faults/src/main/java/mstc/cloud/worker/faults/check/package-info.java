/** Judges the history of a run, and depends on nothing else. */
@NullMarked
package mstc.cloud.worker.faults.check;

import org.jspecify.annotations.NullMarked;
