/** What happened in a run, as a file that can be checked again. */
@NullMarked
package mstc.cloud.worker.faults.history;

import org.jspecify.annotations.NullMarked;
