/** Runs jobs as processes of this machine and keeps their records in a folder. */
@NullMarked
package mstc.cloud.worker.adapters.local;

import org.jspecify.annotations.NullMarked;
