/** Follows jobs to their end, stores their logs and answers their recipients. */
@NullMarked
package mstc.cloud.worker.application.completion;

import org.jspecify.annotations.NullMarked;
