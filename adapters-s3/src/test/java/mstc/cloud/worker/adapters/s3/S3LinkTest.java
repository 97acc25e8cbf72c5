package mstc.cloud.worker.adapters.s3;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectLocation;
import org.junit.jupiter.api.Test;

/** Links to what only Amazon can be asked for; the contract's tests follow the others. */
class S3LinkTest {

  @Test
  void withoutPathStyleTheBucketIsPartOfTheLinksHost() {
    // given
    S3Settings amazon =
        new S3Settings(
            Optional.empty(),
            Optional.of("eu-central-1"),
            Optional.of(new S3Settings.Keys("user", "hush")),
            false,
            false,
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Optional.empty(),
            Optional.of(URI.create("https://s3.eu-central-1.amazonaws.com")));

    try (S3ObjectStore store = new S3ObjectStore(amazon)) {
      // when
      Optional<URI> link =
          store.link(
              new ObjectLocation(new BucketName("results"), "run-1/mesh.vtk"),
              Duration.ofMinutes(5));

      // then
      assertThat(link)
          .hasValueSatisfying(url ->
              assertThat(url.toString())
                  .startsWith("https://results.s3.eu-central-1.amazonaws.com/run-1/mesh.vtk?")
                  .contains("response-content-disposition=attachment", "X-Amz-Expires=300")
                  .doesNotContain("hush"));
    }
  }
}
