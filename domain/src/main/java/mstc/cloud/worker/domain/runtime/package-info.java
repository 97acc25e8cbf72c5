/** The port that runs jobs and keeps their records. */
@NullMarked
package mstc.cloud.worker.domain.runtime;

import org.jspecify.annotations.NullMarked;
