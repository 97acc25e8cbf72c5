/**
 * What every concept of the domain shares: the error of a value that is not allowed, printable
 * text, and a hash of fields.
 */
@NullMarked
package mstc.cloud.worker.domain;

import org.jspecify.annotations.NullMarked;
