/** Tests of the tree {@code mstc.*}. */
@NullMarked
package mstc.cloud.worker.bootstrap.settings;

import org.jspecify.annotations.NullMarked;
