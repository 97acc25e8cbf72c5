/**
 * Collects the logs of containers into the spool, whole despite rotation, and keeps them where
 * another replica finds them.
 */
@NullMarked
package mstc.cloud.worker.adapters.k8s.log;

import org.jspecify.annotations.NullMarked;
