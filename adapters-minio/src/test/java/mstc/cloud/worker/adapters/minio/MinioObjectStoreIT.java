package mstc.cloud.worker.adapters.minio;

import mstc.cloud.worker.domain.store.ObjectStoreAddress;
import org.junit.jupiter.api.Nested;

class MinioObjectStoreIT {

  @Nested
  class OnMinio extends MinioContract {
    @Override
    protected ObjectStoreAddress server() {
      return MinioServer.address();
    }
  }
}
