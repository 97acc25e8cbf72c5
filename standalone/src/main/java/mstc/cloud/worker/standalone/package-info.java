/** The worker together with the services it needs, for one machine. */
@NullMarked
package mstc.cloud.worker.standalone;

import org.jspecify.annotations.NullMarked;
