package mstc.cloud.worker.adapters.minio;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.testkit.store.ProxyContract;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class MinioProxyTest extends ProxyContract {

  @Override
  protected ObjectStore open(URI endpoint, Optional<URI> proxy) {
    return new MinioObjectStore(
        new MinioSettings(
            endpoint,
            "user",
            "hush",
            Optional.empty(),
            false,
            true,
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Optional.empty(),
            Optional.empty()),
        _ -> proxy);
  }
}
