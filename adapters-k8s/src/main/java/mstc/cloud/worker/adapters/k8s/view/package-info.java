/** Shows people the Jobs that the watches tell of, and what containers write, on every replica. */
@NullMarked
package mstc.cloud.worker.adapters.k8s.view;

import org.jspecify.annotations.NullMarked;
