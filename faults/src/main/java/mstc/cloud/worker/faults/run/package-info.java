/** The servers, proxies, replicas, load and faults of a run. */
@NullMarked
package mstc.cloud.worker.faults.run;

import org.jspecify.annotations.NullMarked;
