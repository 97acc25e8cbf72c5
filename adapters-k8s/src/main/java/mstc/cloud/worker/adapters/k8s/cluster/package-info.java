/**
 * What every part of the adapter needs to talk to the cluster: access, errors, watches and timers.
 */
@NullMarked
package mstc.cloud.worker.adapters.k8s.cluster;

import org.jspecify.annotations.NullMarked;
