/** What turns the modules into a program. */
@NullMarked
package mstc.cloud.worker.bootstrap;

import org.jspecify.annotations.NullMarked;
