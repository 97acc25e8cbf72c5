package mstc.cloud.worker.adapters.s3;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.embedded.EmbeddedObjectStore;
import mstc.cloud.worker.embedded.ObjectStoreSettings;
import mstc.cloud.worker.testkit.store.MinioServer;
import mstc.cloud.worker.testkit.store.ObjectStoreAddress;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

class S3ObjectStoreIT {

  /** Nothing of Amazon's is asked for here; MinIO knows the same checksums. */
  @Nested
  class WithTheChecksumsOfAmazonOnMinio extends S3Contract {
    @BeforeAll
    static void requireServer() {
      MinioServer.address();
    }

    @Override
    protected ObjectStoreAddress server() {
      return MinioServer.address();
    }

    @Override
    protected ObjectStore open(
        ObjectStoreAddress server, boolean createBuckets, Optional<URI> publicEndpoint) {
      return new S3ObjectStore(
          settings(server, createBuckets, publicEndpoint), _ -> Optional.empty(), true);
    }
  }

  @Nested
  class OnMinio extends S3Contract {
    @BeforeAll
    static void requireServer() {
      MinioServer.address();
    }

    @Override
    protected ObjectStoreAddress server() {
      return MinioServer.address();
    }
  }

  @Nested
  class OnAnotherServer extends S3Contract {
    @BeforeAll
    static void requireServer() {
      ObjectStoreAddress.another();
    }

    @Override
    protected ObjectStoreAddress server() {
      return ObjectStoreAddress.another();
    }
  }

  @Nested
  class OnTheEmbeddedServer extends S3Contract {
    private static EmbeddedObjectStore embedded;
    private static ObjectStoreAddress address;

    @BeforeAll
    static void startServer(@TempDir Path folder) {
      ObjectStoreSettings settings = ObjectStoreSettings.in(folder);
      embedded = EmbeddedObjectStore.start(settings);
      address =
          new ObjectStoreAddress(embedded.endpoint(), settings.accessKey(), settings.secretKey());
    }

    @AfterAll
    static void stopServer() {
      embedded.close();
    }

    @Override
    protected ObjectStoreAddress server() {
      return address;
    }

    @Override
    protected void remove(BucketName bucket) {
      // Goes with the server's folder.
    }
  }
}
