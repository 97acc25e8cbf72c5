/** Takes requests in: finds out which job a request is, and what its client is told. */
@NullMarked
package mstc.cloud.worker.application.intake;

import org.jspecify.annotations.NullMarked;
