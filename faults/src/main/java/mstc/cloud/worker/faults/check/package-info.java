/** Judges the history of a run; needs nothing else. */
@NullMarked
package mstc.cloud.worker.faults.check;

import org.jspecify.annotations.NullMarked;
