/** Trying again what another system did not do. */
@NullMarked
package mstc.cloud.worker.application.retry;

import org.jspecify.annotations.NullMarked;
