/** The port that keeps logs and files as objects in buckets. */
@NullMarked
package mstc.cloud.worker.domain.store;

import org.jspecify.annotations.NullMarked;
