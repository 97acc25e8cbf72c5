/** What a client asks for, validated: the work request and the value types of its fields. */
@NullMarked
package mstc.cloud.worker.domain.request;

import org.jspecify.annotations.NullMarked;
