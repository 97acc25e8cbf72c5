/** The figures that the worker reports about itself. */
@NullMarked
package mstc.cloud.worker.application.metrics;

import org.jspecify.annotations.NullMarked;
