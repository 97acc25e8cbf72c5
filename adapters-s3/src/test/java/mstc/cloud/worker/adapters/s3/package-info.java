/** Tests of the object store over the AWS SDK. */
@NullMarked
package mstc.cloud.worker.adapters.s3;

import org.jspecify.annotations.NullMarked;
