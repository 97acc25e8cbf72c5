/** Gives clients their replies, and keeps them with the logs. */
@NullMarked
package mstc.cloud.worker.application.reply;

import org.jspecify.annotations.NullMarked;
