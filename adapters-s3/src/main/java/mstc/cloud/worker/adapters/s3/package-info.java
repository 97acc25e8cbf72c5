/** Keeps objects in Amazon S3, or another server that speaks S3, with the AWS SDK. */
@NullMarked
package mstc.cloud.worker.adapters.s3;

import org.jspecify.annotations.NullMarked;
