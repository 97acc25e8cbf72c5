/** Tests of the configuration. */
@NullMarked
package mstc.cloud.worker.bootstrap.configuration;

import org.jspecify.annotations.NullMarked;
