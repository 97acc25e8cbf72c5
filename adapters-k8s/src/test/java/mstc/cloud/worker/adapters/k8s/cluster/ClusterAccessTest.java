package mstc.cloud.worker.adapters.k8s.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.KubernetesJobRuntime;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterAccessTest {
  private static final String KUBECONFIG =
      """
      apiVersion: v1
      kind: Config
      clusters:
        - {name: here, cluster: {server: "https://192.0.2.1"}}
        - {name: there, cluster: {server: "https://192.0.2.2"}}
      users: [{name: user, user: {token: t}}]
      contexts:
        - {name: first, context: {cluster: here, user: user}}
        - {name: second, context: {cluster: there, user: user}}
      current-context: first
      """;

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = folder.resolve("kubeconfig");
  }

  private ClusterAccess access(String kubeconfig, Optional<String> context) throws IOException {
    Files.writeString(file, kubeconfig);
    return new ClusterAccess(Optional.of(file), context);
  }

  @ParameterizedTest
  @CsvSource({", https://192.0.2.1/", "first, https://192.0.2.1/", "second, https://192.0.2.2/"})
  void theContextIsTheOneAskedForElseTheCurrentOne(String context, String server)
      throws IOException {
    // when
    Config config = access(KUBECONFIG, Optional.ofNullable(context)).find(_ -> Optional.empty());

    // then
    assertThat(config.getMasterUrl()).isEqualTo(server);
  }

  @Test
  void aContextThatIsNotThereIsNamedWithThoseThatAre() throws IOException {
    // given
    ClusterAccess access = access(KUBECONFIG, Optional.of("third"));

    // when, then
    assertThatThrownBy(() -> access.find(_ -> Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the kubeconfig %s has no context \"third\", but first, second; set"
                + " mstc.runtime.kubernetes.context",
            file);
  }

  @Test
  void aCurrentContextThatIsNotThereIsNoReasonToTryAClustersUsualName() throws IOException {
    // given
    ClusterAccess access =
        access(
            KUBECONFIG.replace("current-context: first", "current-context: x"), Optional.empty());

    // when, then
    assertThatThrownBy(() -> access.find(_ -> Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            file.toString(), "first, second", "mstc.runtime.kubernetes.context");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "``, it holds nothing",
        "hello, cannot be used",
        "`contexts: [`, while parsing a flow node",
        "`apiVersion: v1`, names a cluster"
      })
  void aKubeconfigThatCannotBeUsedIsNamedInOneLine(String content, String reason)
      throws IOException {
    // given
    ClusterAccess access = access(content, Optional.empty());

    // when, then
    assertThatThrownBy(() -> access.find(_ -> Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            file.toString(), reason, "; set mstc.runtime.kubernetes.kubeconfig")
        .message()
        .hasLineCount(1);
  }

  @Test
  void aCertificateThatIsNotThereIsNamed() throws IOException {
    // given
    Files.writeString(
        file,
        KUBECONFIG.replace(
            "token: t", "client-certificate: /no/such.pem, client-key: /no/such.key"));

    // when, then
    assertThatThrownBy(() ->
            new KubernetesJobRuntime(
                settings(), InMemoryObjectStore.creatingBuckets(), new WorkRequestFormat()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(file.toString(), "there is no file /no/such.pem");
  }

  @Test
  void aRuntimeThatWasNeverStartedIsClosed() throws IOException {
    // given
    Files.writeString(file, KUBECONFIG);
    KubernetesJobRuntime runtime =
        new KubernetesJobRuntime(
            settings(), InMemoryObjectStore.creatingBuckets(), new WorkRequestFormat());

    // when, then
    assertThatCode(runtime::close).doesNotThrowAnyException();
    assertThatCode(runtime::close).doesNotThrowAnyException();
  }

  private KubernetesSettings settings() {
    return new KubernetesSettings(
        Optional.of(file),
        Optional.empty(),
        "mstc-dev",
        "lease",
        "replica",
        Optional.empty(),
        folder.resolve("spool"),
        1 << 20,
        1 << 20,
        KubernetesSettings.DEFAULT_RETENTION,
        KubernetesSettings.DEFAULT_START_GRACE,
        KubernetesSettings.DEFAULT_SUSPENSION_LIMIT,
        KubernetesSettings.JobTemplate.of(Map.of(), Optional.empty()),
        KubernetesSettings.Timing.DEFAULT);
  }
}
