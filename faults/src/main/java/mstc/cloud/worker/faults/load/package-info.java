/** Requests whose outcomes and logs are known beforehand. */
@NullMarked
package mstc.cloud.worker.faults.load;

import org.jspecify.annotations.NullMarked;
