/** What is found when a service is examined. */
@NullMarked
package mstc.cloud.worker.testkit.diagnosis;

import org.jspecify.annotations.NullMarked;
