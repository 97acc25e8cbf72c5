/**
 * The tree {@code mstc.*}: its keys, with a class for each section that creates the adapters'
 * settings.
 */
@NullMarked
package mstc.cloud.worker.bootstrap.settings;

import org.jspecify.annotations.NullMarked;
