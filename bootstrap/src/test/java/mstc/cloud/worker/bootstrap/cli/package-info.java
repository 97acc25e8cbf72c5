/** Tests of the command line. */
@NullMarked
package mstc.cloud.worker.bootstrap.cli;

import org.jspecify.annotations.NullMarked;
