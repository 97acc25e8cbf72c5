/** The port that shows jobs to people: what runs, what waits and why, what is written. */
@NullMarked
package mstc.cloud.worker.domain.view;

import org.jspecify.annotations.NullMarked;
