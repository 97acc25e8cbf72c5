/** Runs jobs as Kubernetes Jobs, which are their records. */
@NullMarked
package mstc.cloud.worker.adapters.k8s;

import org.jspecify.annotations.NullMarked;
