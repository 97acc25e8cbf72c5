/** Tests of what speaks to a worker over HTTP. */
@NullMarked
package mstc.cloud.worker.bootstrap.remote;

import org.jspecify.annotations.NullMarked;
