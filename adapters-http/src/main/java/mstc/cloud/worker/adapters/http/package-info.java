/** The HTTP API: a second way in, beside the queue, and what tells that the worker is well. */
@NullMarked
package mstc.cloud.worker.adapters.http;

import org.jspecify.annotations.NullMarked;
