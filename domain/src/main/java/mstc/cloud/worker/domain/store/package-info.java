/** The ports that keep logs, and files of any kind, as objects in buckets. */
@NullMarked
package mstc.cloud.worker.domain.store;

import org.jspecify.annotations.NullMarked;
