/** The contract of the port that keeps objects, and what tests of it and with it need to run. */
@NullMarked
package mstc.cloud.worker.testkit.store;

import org.jspecify.annotations.NullMarked;
