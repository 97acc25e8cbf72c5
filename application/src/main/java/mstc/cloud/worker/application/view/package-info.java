/** Shows people what jobs there are, what they wait for, and what they write. */
@NullMarked
package mstc.cloud.worker.application.view;

import org.jspecify.annotations.NullMarked;
