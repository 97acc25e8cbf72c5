/** Makes a program of the modules. */
@NullMarked
package mstc.cloud.worker.bootstrap;

import org.jspecify.annotations.NullMarked;
