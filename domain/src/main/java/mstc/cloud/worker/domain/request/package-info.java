/**
 * What a client asks for, validated: work as the worker and the runtimes see it, the work request,
 * and the value types of its fields.
 */
@NullMarked
package mstc.cloud.worker.domain.request;

import org.jspecify.annotations.NullMarked;
