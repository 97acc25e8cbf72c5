/** What is logged where, and how it looks. */
@NullMarked
package mstc.cloud.worker.bootstrap.logging;

import org.jspecify.annotations.NullMarked;
