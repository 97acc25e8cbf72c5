/** Takes requests in: who may come in when, and which job a request is. */
@NullMarked
package mstc.cloud.worker.application.intake;

import org.jspecify.annotations.NullMarked;
