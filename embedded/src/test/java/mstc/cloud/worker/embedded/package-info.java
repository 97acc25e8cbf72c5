/** Durability, limits and ports of the embedded servers. */
@NullMarked
package mstc.cloud.worker.embedded;

import org.jspecify.annotations.NullMarked;
