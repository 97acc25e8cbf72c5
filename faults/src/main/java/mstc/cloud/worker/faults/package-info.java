/** The command line of the fault tests. */
@NullMarked
package mstc.cloud.worker.faults;

import org.jspecify.annotations.NullMarked;
