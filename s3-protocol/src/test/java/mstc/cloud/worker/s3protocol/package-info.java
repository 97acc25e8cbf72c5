/** Tests of what all stores that speak S3 do, without a server. */
@NullMarked
package mstc.cloud.worker.s3protocol;

import org.jspecify.annotations.NullMarked;
