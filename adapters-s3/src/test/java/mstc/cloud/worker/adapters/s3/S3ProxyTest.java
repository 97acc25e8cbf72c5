package mstc.cloud.worker.adapters.s3;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.testkit.store.ProxyContract;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class S3ProxyTest extends ProxyContract {

  private static S3Settings settings(Optional<URI> endpoint, Optional<String> region) {
    return new S3Settings(
        endpoint,
        region,
        Optional.of(new S3Settings.Keys("user", "hush")),
        endpoint.isPresent(),
        false,
        Duration.ofSeconds(30),
        Duration.ofSeconds(30),
        Optional.empty(),
        Optional.empty());
  }

  @Override
  protected ObjectStore open(URI endpoint, Optional<URI> proxy) {
    return new S3ObjectStore(settings(Optional.of(endpoint), Optional.empty()), _ -> proxy);
  }

  @Test
  void amazonsProxyIsThatOfItsRegion() {
    // given
    S3Settings amazon = settings(Optional.empty(), Optional.of("eu-central-1"));
    List<URI> asked = new ArrayList<>();

    // when
    new S3ObjectStore(
            amazon,
            server -> {
              asked.add(server);
              return Optional.empty();
            })
        .close();

    // then
    assertThat(asked).containsExactly(URI.create("https://s3.eu-central-1.amazonaws.com"));
  }
}
