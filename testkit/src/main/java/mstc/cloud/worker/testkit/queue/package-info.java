/** The contract of the port {@code WorkQueue}, and a fake that fulfils it. */
@NullMarked
package mstc.cloud.worker.testkit.queue;

import org.jspecify.annotations.NullMarked;
