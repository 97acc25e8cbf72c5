/** Keeps objects in MinIO, or another server that speaks S3, with minio-java. */
@NullMarked
package mstc.cloud.worker.adapters.minio;

import org.jspecify.annotations.NullMarked;
