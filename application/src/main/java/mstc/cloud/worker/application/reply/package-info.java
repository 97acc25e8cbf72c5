/** Sends clients their replies, and keeps the replies with the logs. */
@NullMarked
package mstc.cloud.worker.application.reply;

import org.jspecify.annotations.NullMarked;
