/** The contract of the port {@code JobRuntime}, and a fake that fulfils it. */
@NullMarked
package mstc.cloud.worker.testkit.runtime;

import org.jspecify.annotations.NullMarked;
