/**
 * The worker's one configuration tree, {@code mstc.*}: its keys, where they come from, its types.
 */
@NullMarked
package mstc.cloud.worker.bootstrap.configuration;

import org.jspecify.annotations.NullMarked;
