/** The worker's name and version, as its console shows them. */
@NullMarked
package mstc.cloud.worker.bootstrap.banner;

import org.jspecify.annotations.NullMarked;
