/** The JSON of requests and replies, as clients and records read and write it. */
@NullMarked
package mstc.cloud.worker.wire;

import org.jspecify.annotations.NullMarked;
