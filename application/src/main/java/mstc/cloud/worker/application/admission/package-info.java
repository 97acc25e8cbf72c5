/** Decides when requests may come in, and how many. */
@NullMarked
package mstc.cloud.worker.application.admission;

import org.jspecify.annotations.NullMarked;
