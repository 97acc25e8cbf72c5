/** The port that delivers requests and takes replies. */
@NullMarked
package mstc.cloud.worker.domain.queue;

import org.jspecify.annotations.NullMarked;
