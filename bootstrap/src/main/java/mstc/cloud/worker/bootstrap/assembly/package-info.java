/** Assembles the worker from its adapters, by its configuration. */
@NullMarked
package mstc.cloud.worker.bootstrap.assembly;

import org.jspecify.annotations.NullMarked;
