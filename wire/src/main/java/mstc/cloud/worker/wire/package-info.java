/** The JSON of requests, replies and records of jobs, and of what the HTTP API says. */
@NullMarked
package mstc.cloud.worker.wire;

import org.jspecify.annotations.NullMarked;
