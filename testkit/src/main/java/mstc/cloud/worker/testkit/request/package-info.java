/** Requests for tests. */
@NullMarked
package mstc.cloud.worker.testkit.request;

import org.jspecify.annotations.NullMarked;
