/** Checks of the services that the worker needs, for people who set it up. */
@NullMarked
package mstc.cloud.worker.domain.diagnosis;

import org.jspecify.annotations.NullMarked;
