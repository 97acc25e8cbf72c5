/** What the worker tells of itself in numbers. */
@NullMarked
package mstc.cloud.worker.application.metrics;

import org.jspecify.annotations.NullMarked;
