/**
 * The Kubernetes Job of a job: how it is written, called and read, and what is known of it and its
 * pods.
 */
@NullMarked
package mstc.cloud.worker.adapters.k8s.job;

import org.jspecify.annotations.NullMarked;
