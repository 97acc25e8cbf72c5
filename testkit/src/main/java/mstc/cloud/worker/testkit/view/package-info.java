/** The contract of the port {@code JobViews}. */
@NullMarked
package mstc.cloud.worker.testkit.view;

import org.jspecify.annotations.NullMarked;
