/** Tests of the assembly. */
@NullMarked
package mstc.cloud.worker.bootstrap.assembly;

import org.jspecify.annotations.NullMarked;
