/** The contract of the port that keeps objects, and what tests of it and with it need. */
@NullMarked
package mstc.cloud.worker.domain.store;

import org.jspecify.annotations.NullMarked;
