/** Tests of the object store over minio-java. */
@NullMarked
package mstc.cloud.worker.adapters.minio;

import org.jspecify.annotations.NullMarked;
