/** What a client is told, and where. */
@NullMarked
package mstc.cloud.worker.domain.reply;

import org.jspecify.annotations.NullMarked;
