/** The worker as a whole: assembles, starts and stops its use cases. */
@NullMarked
package mstc.cloud.worker.application;

import org.jspecify.annotations.NullMarked;
