/** The worker put together of its adapters, as the configuration says. */
@NullMarked
package mstc.cloud.worker.bootstrap.assembly;

import org.jspecify.annotations.NullMarked;
