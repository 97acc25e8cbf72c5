/**
 * Reads a program's keys from a file, variables and overrides. The program's {@link
 * mstc.cloud.worker.bootstrap.configuration.Section Sections} declare the keys.
 */
@NullMarked
package mstc.cloud.worker.bootstrap.configuration;

import org.jspecify.annotations.NullMarked;
