/** Follows Jobs to their ends on the one replica that leads, and elects that replica. */
@NullMarked
package mstc.cloud.worker.adapters.k8s.follow;

import org.jspecify.annotations.NullMarked;
