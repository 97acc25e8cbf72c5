package mstc.cloud.worker.embedded;

import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;

/**
 * Lists only objects that were written to their end.
 *
 * <p>The store writes an object to a file beside its place, {@code <key>-<uuid>}, and moves it when
 * it is complete; a listing would show that file as an object, and for good once the process was
 * killed. Such a file has no ETag yet, which every object has.
 */
final class WholeObjects extends ForwardingBlobStore {

  WholeObjects(BlobStore delegate) {
    super(delegate);
  }

  /** May give fewer keys than asked for although more follow, as S3 may. */
  @Override
  public ListObjectsV2Response list(ListObjectsV2Request request) {
    ListObjectsV2Response page = super.list(request);
    return page.toBuilder()
        .contents(page.contents().stream().filter(object -> object.eTag() != null).toList())
        .build();
  }
}
