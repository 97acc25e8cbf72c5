package mstc.cloud.worker.adapters.s3;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.s3protocol.PartSize;
import mstc.cloud.worker.testkit.store.S3FaultsContract;

class S3FaultsTest extends S3FaultsContract {

  @Override
  protected ObjectStore open(
      URI endpoint, boolean createBuckets, Duration requestTimeout, Optional<Path> caCertificate) {
    return new S3ObjectStore(
        S3Contract.settings(
            endpoint, "user", "password", createBuckets, requestTimeout, caCertificate));
  }

  @Override
  protected long severalPartsInBytes() {
    return PartSize.SMALLEST_BYTES + 3;
  }
}
