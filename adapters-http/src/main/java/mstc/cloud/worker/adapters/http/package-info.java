/** The HTTP API: a second way to submit requests, besides the queue; health and metrics. */
@NullMarked
package mstc.cloud.worker.adapters.http;

import org.jspecify.annotations.NullMarked;
