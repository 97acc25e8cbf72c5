package mstc.cloud.worker.adapters.k8s.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpecBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A Lease that another replica takes, changes or deletes between two calls. */
class KubernetesLeaseTest {
  private static final LeaseSpec MINE =
      new LeaseSpecBuilder().withHolderIdentity("me").withLeaseDurationSeconds(15).build();

  private final LeaseServer server = server();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final KubernetesClient client = server.client(threads);
  private final KubernetesLease shared = new KubernetesLease(client, "default", "lease", List.of());

  private static LeaseServer server() {
    try {
      return new LeaseServer("another");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @AfterEach
  void closeEverything() {
    client.close();
    threads.shutdownNow();
    server.close();
  }

  @Test
  void aLeaseThatThereIsIsNotCreated() {
    assertThat(shared.create(MINE)).isEmpty();
    assertThat(server.holder()).isEqualTo("another");
  }

  @Test
  void aLeaseThatThereIsNotIsCreated() {
    // given
    server.delete();
    Optional<Lease> before = shared.get();

    // when
    Optional<Lease> created = shared.create(MINE);

    // then
    assertThat(before).isEmpty();
    assertThat(created.orElseThrow().getSpec().getHolderIdentity()).isEqualTo("me");
    assertThat(shared.get()).isEqualTo(created);
  }

  @Test
  void onlyTheVersionThatIsKnownIsReplaced() throws Exception {
    // given
    Lease known = shared.get().orElseThrow();
    server.give("a-third");

    // when
    Optional<Lease> replaced = shared.replace(known, MINE);
    Optional<Lease> replacedAfterALook = shared.replace(shared.get().orElseThrow(), MINE);

    // then
    assertThat(replaced).isEmpty();
    assertThat(replacedAfterALook.orElseThrow().getSpec().getHolderIdentity()).isEqualTo("me");
  }

  @Test
  void aLeaseThatIsGoneIsNotReplaced() {
    // given
    Lease known = shared.get().orElseThrow();

    // when
    server.delete();

    // then
    assertThat(shared.replace(known, MINE)).isEmpty();
  }

  @Test
  void whatTheServerDoesNotRespondToIsNotKnown() {
    // given
    Lease known = shared.get().orElseThrow();

    // when
    server.setAway(true);

    // then
    assertThatThrownBy(() -> shared.get()).isInstanceOf(KubernetesClientException.class);
    assertThatThrownBy(() -> shared.create(MINE)).isInstanceOf(KubernetesClientException.class);
    assertThatThrownBy(() -> shared.replace(known, MINE))
        .isInstanceOf(KubernetesClientException.class);
  }
}
