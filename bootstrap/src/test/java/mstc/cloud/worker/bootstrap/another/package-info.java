/** Another worker's configuration, made of what bootstrap has for all. */
@NullMarked
package mstc.cloud.worker.bootstrap.another;

import org.jspecify.annotations.NullMarked;
