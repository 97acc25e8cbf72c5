/** Speaks to a running worker over HTTP. */
@NullMarked
package mstc.cloud.worker.bootstrap.remote;

import org.jspecify.annotations.NullMarked;
