/** Requests whose outcomes and logs are known in advance. */
@NullMarked
package mstc.cloud.worker.faults.load;

import org.jspecify.annotations.NullMarked;
