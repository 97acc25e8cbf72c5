/** The behaviour of every store that speaks S3, whichever client library sends its requests. */
@NullMarked
package mstc.cloud.worker.s3protocol;

import org.jspecify.annotations.NullMarked;
